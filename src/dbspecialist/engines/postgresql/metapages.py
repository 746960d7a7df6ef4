"""First pages of indexes: heights of B-trees and GIN's counters, where the role may see them.

Either through the extension pageinspect or as the first bytes of the indexes' files, which are
those of the last checkpoint. No page with a key is read.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dbspecialist.engines.postgresql.server import Session
from dbspecialist.engines.postgresql.statistics import NAME, OWN
from dbspecialist.facts.statistics import RelationStatistics

ESTIMATED = (
    "first pages of indexes: only superusers and members of pg_read_server_files read them; a twin "
    "estimates the heights of B-trees from their lengths and the widths of their keys"
)

#: A page's header, the metapage's figures behind it, and how many bytes hold them all
#: (PostgreSQL source, `nbtree.h` and `ginblock.h`).
_HEADER, _BYTES = 24, 80
_BTREE, _BTREE_MAGIC = struct.Struct("<6I"), 0x053162
_GIN = struct.Struct("<12xI8x3I4xq")


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
    if schema:
        levels, figures = _btrees(session, schema[0].name), _gins(session, schema[0].name)
    elif _reads_files(session):
        levels, figures = _from_files(session)
    else:
        session.unseen.append(ESTIMATED)
        return relations
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


def _reads_files(session: Session) -> bool:
    function = "pg_read_binary_file(text, bigint, bigint, boolean)"
    rows = session.rows(f"select has_function_privilege('{function}', 'execute') as allowed")
    return bool(rows[0].allowed)


def _from_files(session: Session) -> tuple[Mapping[str, int], Mapping[str, Mapping[str, int]]]:
    """Read the figures from the first bytes of the indexes' files."""
    levels: dict[str, int] = {}
    figures: dict[str, Mapping[str, int]] = {}
    for method in ("btree", "gin"):
        for row in session.rows(f"""
            select {NAME} as relation,
                   pg_read_binary_file(pg_relation_filepath(c.oid), 0, {_BYTES}, true) as page
            {_indexes(method)} and pg_relation_filepath(c.oid) is not null"""):
            page = row.page or b""
            if len(page) < _BYTES:
                continue
            if method == "gin":
                names = ("pending_pages", "total_pages", "entry_pages", "data_pages", "entries")
                counts = _GIN.unpack_from(page, _HEADER)
                figures[row.relation] = dict(zip(names, counts, strict=True))
            else:
                magic, _, _, _, _, level = _BTREE.unpack_from(page, _HEADER)
                if magic == _BTREE_MAGIC:
                    levels[row.relation] = level
    return levels, figures
