"""Statistics of range columns before 17, when pg_stats did not show them yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dbspecialist.engines.postgresql.catalogue.reader import HIDDEN
from dbspecialist.engines.postgresql.server import Session
from dbspecialist.facts.statistics import ColumnStatistics

#: The first version whose pg_stats has the columns `range_…` (release notes, 17).
SHOWN_SINCE = 170_000
#: Kinds of slots of pg_statistic (PostgreSQL source, `pg_statistic.h`).
_LENGTHS, _BOUNDS = 6, 7

HIDDEN_RANGES = (
    "statistics of range columns: before 17 they stand in pg_statistic alone, which this role may "
    "not read"
)


def with_ranges(
    session: Session, columns: Sequence[ColumnStatistics]
) -> tuple[ColumnStatistics, ...]:
    """Add the histograms of range columns from pg_statistic, where the role may read it."""
    if session.version >= SHOWN_SINCE:
        return tuple(columns)
    rows = session.rows("select has_table_privilege('pg_statistic', 'select') as allowed")
    if not rows[0].allowed:
        if _has_ranges(session):
            session.unseen.append(HIDDEN_RANGES)
        return tuple(columns)
    found = _read(session)
    return tuple(
        replace(item, values={**item.values, **found[key]}) if key in found else item
        for item in columns
        for key in [(item.relation, item.column, item.inherited)]
    )


def _has_ranges(session: Session) -> bool:
    return bool(
        session.rows(f"""
        select 1 from pg_attribute a join pg_class c on c.oid = a.attrelid
          join pg_namespace n on n.oid = c.relnamespace join pg_type t on t.oid = a.atttypid
        where t.typtype in ('r', 'm') and c.relkind in ('r', 'p', 'm') and c.reltuples > 0
          and not a.attisdropped and n.nspname !~ '{HIDDEN}' limit 1""")
    )


def _read(session: Session) -> dict[tuple[str, str, bool], dict[str, str]]:
    slots = ", ".join(f"(stakind{n}, stanumbers{n}, stavalues{n}::text)" for n in range(1, 6))
    found: dict[tuple[str, str, bool], dict[str, str]] = {}
    for row in session.rows(f"""
        select quote_ident(n.nspname) || '.' || quote_ident(c.relname) as relation,
               quote_ident(a.attname) as column, s.stainherit as inherited, slot.kind,
               slot.numbers[1]::text as empty, slot.list
        from pg_statistic s join pg_class c on c.oid = s.starelid
          join pg_namespace n on n.oid = c.relnamespace
          join pg_attribute a on a.attrelid = s.starelid and a.attnum = s.staattnum,
          lateral (values {slots}) as slot (kind, numbers, list)
        where slot.kind in ({_LENGTHS}, {_BOUNDS}) and n.nspname !~ '{HIDDEN}'"""):
        values = found.setdefault((row.relation, row.column, row.inherited), {})
        if row.kind == _BOUNDS:
            values["range_bounds_histogram"] = row.list
        else:
            values["range_length_histogram"] = row.list or "{}"
            values["range_empty_frac"] = row.empty
    return found
