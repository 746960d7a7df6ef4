"""What redaction asks of the server: types of columns, and how texts sort there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dbspecialist.engines.postgresql.catalogue.reader import HIDDEN
from dbspecialist.engines.postgresql.server import Session
from dbspecialist.engines.postgresql.value_groups import Column, ColumnType, Ranking


def read_types(session: Session) -> Mapping[Column, ColumnType]:
    """Read the base types of all columns that can have statistics, index expressions included."""
    rows = session.rows(f"""
        with recursive bases as (
          select oid, oid as base from pg_type
          union all
          select b.oid, t.typbasetype from bases b join pg_type t on t.oid = b.base
            where t.typtype = 'd')
        select quote_ident(n.nspname) || '.' || quote_ident(c.relname) as relation,
               quote_ident(a.attname) as column, e.oid is not null as is_array,
               case when coalesce(e.typtype, t.typtype) = 'e' then 'enum'
                    when coalesce(e.typname, t.typname) = 'citext' then 'citext'
                    else format_type(coalesce(e.oid, t.oid), null) end as name,
               case when a.attcollation not in (0, 'pg_catalog."default"'::regcollation)
                    then a.attcollation::regcollation::text else '' end as collation
        from pg_attribute a join pg_class c on c.oid = a.attrelid
          join pg_namespace n on n.oid = c.relnamespace
          join bases b on b.oid = a.atttypid join pg_type t on t.oid = b.base and t.typtype <> 'd'
          left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'
        where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'm', 'i', 'I')
          and n.nspname !~ '{HIDDEN}'""")
    return {
        (row.relation, row.column): ColumnType(row.name, row.is_array, row.collation)
        for row in rows
    }


def read_dimensions(session: Session) -> Mapping[str, Sequence[str]]:
    """Read the columns of extended statistics objects without expressions, in their order."""
    rows = session.rows(f"""
        select quote_ident(n.nspname) || '.' || quote_ident(s.stxname) as name,
               array(select quote_ident(a.attname) from pg_attribute a
                      where a.attrelid = s.stxrelid and a.attnum = any(s.stxkeys)
                      order by a.attnum) as columns
        from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace
        where s.stxexprs is null and n.nspname !~ '{HIDDEN}'""")
    return {row.name: row.columns for row in rows}


def ranking_of(session: Session) -> Ranking:
    """Let the server sort; only the texts are sent there, no table is read."""

    def ranking(collation: str, lists: Sequence[Sequence[str]]) -> Sequence[Sequence[int]]:
        numbered = [(number, text) for number, texts in enumerate(lists) for text in texts]
        rows = session.rows(
            f"""
            select dense_rank() over (
                     partition by number order by text collate {collation or '"default"'}) as rank
            from unnest(%s::int[], %s::text[]) with ordinality as given (number, text, position)
            order by position""",
            [[number for number, _ in numbered], [text for _, text in numbered]],
        )
        ranks = iter(row.rank for row in rows)
        return [[next(ranks) for _ in texts] for texts in lists]

    return ranking
