"""Sizes and planner statistics, read through the views that every role may ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dbspecialist.engines.postgresql.arrays import array_text
from dbspecialist.engines.postgresql.catalogue.reader import HIDDEN
from dbspecialist.engines.postgresql.server import Session
from dbspecialist.facts.statistics import (
    ColumnStatistics,
    ExtendedStatistics,
    RelationStatistics,
    SequenceState,
)

KINDS = {
    "r": "table",
    "p": "partitioned table",
    "m": "materialized view",
    "i": "index",
    "I": "partitioned index",
}

#: Columns of pg_stats that hold values, and the version that brought them.
VALUES = {
    "most_common_vals": 14,
    "most_common_freqs": 14,
    "histogram_bounds": 14,
    "correlation": 14,
    "most_common_elems": 14,
    "most_common_elem_freqs": 14,
    "elem_count_histogram": 14,
    "range_length_histogram": 17,
    "range_empty_frac": 17,
    "range_bounds_histogram": 17,
}

#: Relations of this database that did not come with an extension.
OWN = f"""
    n.nspname !~ '{HIDDEN}' and c.relpersistence <> 't' and not exists (
      select from pg_depend e where e.classid = 1259 and e.deptype = 'e'
        and e.objid = coalesce(i.indrelid, c.oid))"""

NAME = "quote_ident(n.nspname) || '.' || quote_ident(c.relname)"


def read_relations(session: Session) -> tuple[RelationStatistics, ...]:
    """Read sizes, row counts and use of tables, materialised views and indexes."""
    rows = session.rows(f"""
        select c.oid, {NAME} as relation, c.relkind as kind,
               nullif(c.relpages, -1) as analysed_pages, c.reltuples as tuples,
               c.relallvisible as all_visible,
               coalesce(pg_relation_size(c.oid, 'main'), 0) / 8192 as pages,
               coalesce(pg_table_size(c.oid), 0) as total_bytes,
               pg_stat_get_numscans(c.oid) as scans, i.indrelid as on_table,
               pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid)
                 + pg_stat_get_tuples_deleted(c.oid) as writes
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
          left join pg_index i on i.indexrelid = c.oid
        where c.relkind in ('r', 'p', 'm', 'i', 'I') and {OWN} order by 2""")
    scans = Counter({row.oid: row.scans for row in rows})
    for row in rows:
        if row.on_table:
            scans[row.on_table] += row.scans
    return tuple(
        RelationStatistics(
            relation=row.relation,
            kind=KINDS[row.kind],
            pages=row.pages,
            tuples=row.tuples,
            all_visible=row.all_visible,
            total_bytes=row.total_bytes,
            writes=row.writes,
            reads=scans[row.oid],
            analysed_pages=row.analysed_pages if row.analysed_pages != row.pages else None,
        )
        for row in rows
    )


def read_columns(session: Session) -> tuple[ColumnStatistics, ...]:
    """Read pg_stats: columns of tables, and expressions of indexes under the indexes' names."""
    names = [name for name, since in VALUES.items() if session.version >= since * 10_000]
    rows = session.rows(f"""
        select quote_ident(schemaname) || '.' || quote_ident(tablename) as relation,
               quote_ident(attname) as column, inherited, null_frac, avg_width, n_distinct,
               {", ".join(f"{name}::text" for name in names)}
        from pg_stats where schemaname !~ '{HIDDEN}' order by 1, 2, 3""")
    _note_hidden(session)
    return tuple(
        ColumnStatistics(
            row.relation,
            row.column,
            row.inherited,
            row.null_frac,
            row.avg_width,
            row.n_distinct,
            _known(row, names),
        )
        for row in rows
    )


def _known(row: Any, names: Iterable[str]) -> dict[str, str]:
    """The named columns that are not null."""
    return {name: getattr(row, name) for name in names if getattr(row, name) is not None}


def _note_hidden(session: Session) -> None:
    """Say which analysed tables pg_stats hides from this role, and what would show them."""
    rows = session.rows(f"""
        select {NAME} as relation, has_any_column_privilege(c.oid, 'select') as allowed,
               c.relrowsecurity and row_security_active(c.oid) as filtered
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
          left join pg_index i on i.indexrelid = c.oid
        where c.relkind in ('r', 'p', 'm') and c.reltuples > 0 and {OWN} order by 1""")
    refused = [row.relation for row in rows if not row.allowed]
    filtered = [row.relation for row in rows if row.allowed and row.filtered]
    if refused:
        session.unseen.append(
            f"column statistics of {some(refused)}: no SELECT on them; "
            f"GRANT pg_read_all_data TO {session.role()}"
        )
    if filtered:
        session.unseen.append(
            f"column statistics of {some(filtered)}: row security hides them; "
            f"ALTER ROLE {session.role()} BYPASSRLS"
        )


def some(names: Sequence[str]) -> str:
    """Name up to three and count them all."""
    listed = ", ".join(names[:3])
    return f"{listed} … ({len(names)} in all)" if names[3:] else listed


def read_extended(session: Session) -> tuple[ExtendedStatistics, ...]:
    """Read the contents of CREATE STATISTICS objects; only the tables' owners see them."""
    inherited = "inherited" if session.version >= 150_000 else "false"
    shown = {
        (row.name, row.inherited): row
        for row in session.rows(f"""
        select quote_ident(statistics_schemaname) || '.' || quote_ident(statistics_name) as name,
               quote_ident(schemaname) || '.' || quote_ident(tablename) as relation,
               {inherited} as inherited, n_distinct::text, dependencies::text,
               most_common_vals as items, most_common_freqs as frequencies,
               most_common_base_freqs as base_frequencies
        from pg_stats_ext where statistics_schemaname !~ '{HIDDEN}' order by 1, 3""")
    }
    _note_hidden_extended(session)
    expressions = _expressions(session, inherited) if shown else {}
    return tuple(
        ExtendedStatistics(
            row.name,
            row.relation,
            row.inherited,
            row.n_distinct,
            row.dependencies,
            tuple(_items(row)),
            tuple(expressions.get(key, ())),
        )
        for key, row in shown.items()
    )


def _items(row: Any) -> Iterator[dict[str, str]]:
    """Yield the most common combinations of values."""
    lists = row.items or (), row.frequencies or (), row.base_frequencies or ()
    for values, frequency, base in zip(*lists, strict=True):
        yield {
            "values": array_text(values),
            "frequency": repr(frequency),
            "base_frequency": repr(base),
        }


def _expressions(session: Session, inherited: str) -> dict[tuple[str, bool], list[dict[str, str]]]:
    """Read the statistics of expressions, in the order of the definition."""
    plain = [name for name, since in VALUES.items() if since == 14]
    names = ["null_frac", "avg_width", "n_distinct", *plain]
    found: dict[tuple[str, bool], list[dict[str, str]]] = {}
    for row in session.rows(f"""
        select quote_ident(statistics_schemaname) || '.' || quote_ident(statistics_name) as name,
               {inherited} as inherited, expr, {", ".join(f"{name}::text" for name in names)}
        from pg_stats_ext_exprs where statistics_schemaname !~ '{HIDDEN}'"""):
        figures = {"expression": row.expr} | _known(row, names)
        found.setdefault((row.name, row.inherited), []).append(figures)
    return found


def _note_hidden_extended(session: Session) -> None:
    """Say which extended statistics this role does not see."""
    rows = session.rows(f"""
        select quote_ident(n.nspname) || '.' || quote_ident(s.stxname) as name,
               quote_ident(pg_get_userbyid(c.relowner)) as owner
        from pg_statistic_ext s join pg_class c on c.oid = s.stxrelid
          join pg_namespace n on n.oid = s.stxnamespace
        where n.nspname !~ '{HIDDEN}' and not pg_has_role(c.relowner, 'usage') order by 1""")
    if rows:
        owners = ", ".join(sorted({row.owner for row in rows}))
        session.unseen.append(
            f"contents of extended statistics {some([row.name for row in rows])}: only their "
            f"tables' owners see them; GRANT {owners} TO {session.role()}"
        )


def read_sequences(session: Session) -> tuple[SequenceState, ...]:
    """Read how far the sequences have come."""
    rows = session.rows(f"""
        select {NAME} as name, s.seqmax as maximum, s.seqincrement as increment,
               case when has_sequence_privilege(c.oid, 'select,usage')
                      and not (pg_is_in_recovery() and c.relpersistence = 'u')
                    then pg_sequence_last_value(c.oid) end as last_value,
               has_sequence_privilege(c.oid, 'select,usage') as allowed,
               (select {NAME.replace("c.", "t.").replace("n.", "m.")} || '.' ||
                       quote_ident(a.attname)
                  from pg_depend d join pg_class t on t.oid = d.refobjid
                    join pg_namespace m on m.oid = t.relnamespace
                    join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
                  where d.classid = 1259 and d.objid = c.oid and d.refclassid = 1259
                    and d.deptype in ('a', 'i')) as owned_by
        from pg_sequence s join pg_class c on c.oid = s.seqrelid
          join pg_namespace n on n.oid = c.relnamespace left join pg_index i on false
        where {OWN} order by 1""")
    refused = [row.name for row in rows if not row.allowed]
    if refused:
        session.unseen.append(
            f"last values of sequences {some(refused)}: no USAGE or SELECT on them; "
            f"GRANT pg_read_all_data TO {session.role()}"
        )
    return tuple(
        SequenceState(row.name, row.last_value, row.maximum, row.increment, row.owned_by or "")
        for row in rows
    )
