"""First pages of indexes: heights of B-trees and GIN's counters, where pageinspect shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dbspecialist.engines.postgresql.server import Session
from dbspecialist.engines.postgresql.statistics import NAME, OWN
from dbspecialist.facts.statistics import RelationStatistics

ESTIMATED = (
    "first pages of indexes: only a superuser with the extension pageinspect reads them; a twin "
    "estimates the heights of B-trees from their lengths and the widths of their keys"
)


def with_metapages(
    session: Session, relations: tuple[RelationStatistics, ...]
) -> tuple[RelationStatistics, ...]:
    """Add what the indexes' first pages say; a B-tree's level is that of its fast root.

    The fast root is where descents begin and what the planner charges for (PostgreSQL source,
    `_bt_getrootheight`).
    """
    schema = session.rows("""
        select quote_ident(n.nspname) as name from pg_extension e
          join pg_namespace n on n.oid = e.extnamespace
        where e.extname = 'pageinspect' and current_setting('is_superuser') = 'on'""")
    if not schema:
        session.unseen.append(ESTIMATED)
        return relations
    levels, figures = _btrees(session, schema[0].name), _gins(session, schema[0].name)
    return tuple(
        replace(
            item,
            tree_level=levels.get(item.relation),
            metapage=figures.get(item.relation, {}),
        )
        for item in relations
    )


def _indexes(method: str) -> str:
    """Select the indexes of an access method."""
    return f"""
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
          join pg_index i on i.indexrelid = c.oid join pg_am a on a.oid = c.relam
        where c.relkind = 'i' and a.amname = '{method}' and {OWN}"""


def _btrees(session: Session, schema: str) -> Mapping[str, int]:
    rows = session.rows(f"""
        select {NAME} as relation, ({schema}.bt_metap({NAME})).fastlevel as level
        {_indexes("btree")}""")
    return {row.relation: row.level for row in rows}


def _gins(session: Session, schema: str) -> Mapping[str, Mapping[str, int]]:
    rows: list[Any] = session.rows(f"""
        select {NAME} as relation, m.n_pending_pages as pending_pages,
               m.n_total_pages as total_pages, m.n_entry_pages as entry_pages,
               m.n_data_pages as data_pages, m.n_entries as entries
        {
        _indexes("gin").replace(
            "where",
            f'''
          cross join lateral {schema}.gin_metapage_info(
            {schema}.get_raw_page({NAME}, 0)) m where''',
            1,
        )
    }""")
    return {
        row.relation: {name: value for name, value in row._asdict().items() if name != "relation"}
        for row in rows
    }
