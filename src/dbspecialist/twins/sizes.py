"""Lengths of a twin's files: production's, as sparse files that hold next to nothing.

The planner asks the file system for the length of a relation and does not trust `relpages`
alone (PostgreSQL's `estimate_rel_size`), so the figures of the catalogue are not enough.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.statistics import RelationStatistics
from dbspecialist.twins.pages import BLOCK, brin_metapage, btree_pages, gin_metapage

#: Blocks of one segment file: 1 GiB (manual, "Database File Layout").
SEGMENT = 131_072
#: The longest relation (`MaxBlockNumber`).
LONGEST = 0xFFFFFFFE
MOST_SCALE = 1e6


@dataclass(frozen=True, slots=True)
class RelationFile:
    """The main fork of one relation and the length it is to have.

    Args:
        path: Relative to the data directory, as `pg_relation_filepath` gives it.
        method: `heap`, `btree`, `gin`, `brin` … (`pg_am.amname`).
        pages: Length in blocks.
        level: Height of a B-tree.
        figures: GIN's counters, see `RelationStatistics.metapage`.
        heap_pages: Length of the table that a BRIN index is on.
    """

    path: str
    method: str
    pages: int
    level: int = 0
    figures: Mapping[str, int] = field(default_factory=dict)
    heap_pages: int = 0


def refuse_unusable_scale(scale: float) -> None:
    """Refuse a scale that is no number of use.

    Raises:
        InputError: Where it is not above 0, or above a million.
    """
    if not 0 < scale <= MOST_SCALE:  # also what is no number at all
        raise InputError(f"{scale:g} is not usable", "--scale", "give a number up to 1,000,000")


def data_file(data_directory: Path, path: str) -> Path:
    """Return a file of a data directory by the path that its server tells.

    Raises:
        InputError: Where that leads elsewhere. A snapshot's SQL can have a server say anything,
            and files are made longer with the rights of whoever calls.
    """
    if not re.fullmatch(r"\w+(/\w+)*", path, re.ASCII):  # no "..", no root
        raise InputError("the twin's server tells of a file that is not its own", path)
    return data_directory / path


def give_page(file: Path) -> None:
    """Give an empty file one page, without which the planner sees no rows in a table."""
    if file.stat().st_size == 0:
        os.truncate(file, BLOCK)


def set_sizes(data_directory: Path, files: Iterable[RelationFile]) -> None:
    """Extend files to their lengths; the server of the data directory is down.

    The cluster has no data checksums. No file gets shorter.
    """
    for file in files:
        path = data_file(data_directory, file.path)
        _write_first_pages(path, file)
        if file.pages * BLOCK > path.stat().st_size:
            _extend(path, file.pages)


def _write_first_pages(path: Path, file: RelationFile) -> None:
    if file.method not in {"btree", "gin", "brin"} or file.pages < 2:
        return
    with path.open("r+b") as stream:
        first = stream.read(BLOCK)
        if file.method == "btree":
            pages = btree_pages(first, min(file.level, file.pages - 2))
        elif file.method == "gin":
            pages = [gin_metapage(first, file.figures, file.pages)]
        else:
            pages = [brin_metapage(first, file.heap_pages)]
        stream.seek(0)
        stream.write(b"".join(pages))


def _extend(path: Path, pages: int) -> None:
    """Give a relation its length: full segments, then the last one."""
    owner = path.stat()
    for number in range(-(-pages // SEGMENT)):
        segment = path if number == 0 else path.with_name(f"{path.name}.{number}")
        length = min(pages - number * SEGMENT, SEGMENT) * BLOCK
        descriptor = os.open(segment, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.truncate(descriptor, length)
        finally:
            os.close(descriptor)
        if number and hasattr(os, "chown"):
            os.chown(segment, owner.st_uid, owner.st_gid)


_FILES = """
    SELECT named.position, pg_relation_filepath(c.oid),
           CASE WHEN c.relkind = 'i' THEN am.amname ELSE 'heap' END,
           coalesce(i.indrelid, 0), c.oid,
           (SELECT coalesce(sum(coalesce(s.stawidth, nullif(greatest(a.attlen, 0), 0), 16)), 8)::int
              FROM generate_series(0, i.indnkeyatts - 1) AS key
              JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = key + 1
              LEFT JOIN LATERAL (
                   SELECT stawidth FROM pg_statistic
                    WHERE (starelid, staattnum) IN ((i.indrelid, i.indkey[key]), (c.oid, key + 1))
                    LIMIT 1) AS s ON true)
      FROM unnest(%s::text[]) WITH ORDINALITY AS named (name, position)
      JOIN pg_class c ON c.oid = to_regclass(named.name)
      LEFT JOIN pg_index i ON i.indexrelid = c.oid
      LEFT JOIN pg_am am ON am.oid = c.relam
     WHERE c.relkind IN ('r', 'i', 'm')
     ORDER BY named.position
"""


def relation_files(
    connection: psycopg.Connection[tuple[Any, ...]],
    relations: Iterable[RelationStatistics],
    scale: float = 1.0,
) -> tuple[RelationFile, ...]:
    """Look up the twin's files for a snapshot's relations; those without storage are skipped.

    Column statistics are loaded before, so that heights that a snapshot does not know are
    estimated from the keys' widths.
    """
    wanted = list(relations)
    rows = connection.execute(_FILES, [[item.relation for item in wanted]]).fetchall()
    lengths = {row[4]: scaled(wanted[row[0] - 1].pages, scale) for row in rows}
    return tuple(
        RelationFile(
            path=path,
            method=method,
            pages=lengths[oid],
            level=tree_level(wanted[position - 1], width, scale) if method == "btree" else 0,
            figures={
                name: scaled(count, scale) for name, count in wanted[position - 1].metapage.items()
            },
            heap_pages=lengths.get(table, 0),
        )
        for position, path, method, table, oid, width in rows
    )


def scaled(pages: int, scale: float) -> int:
    """Multiply a length, up to the longest that the engine can address."""
    return min(math.ceil(pages * scale), LONGEST)


def tree_level(index: RelationStatistics, key_width: int, scale: float = 1.0) -> int:
    """Return the height of a B-tree: the snapshot's, or one estimated from length and key width.

    A known height is kept, and raised by as much as the estimate grows with the scale.
    """
    estimate = _estimated_level(scaled(index.pages, scale), key_width)
    if index.tree_level is None:
        return estimate
    return max(index.tree_level + estimate - _estimated_level(index.pages, key_width), 0)


def _estimated_level(pages: int, key_width: int) -> int:
    """Divide the leaves by the fan-out until one page is left.

    An inner entry has an 8 byte header, the key padded to 8 bytes and a 4 byte line pointer;
    builds fill inner pages to 70 % (`BTREE_NONLEAF_FILLFACTOR`).
    """
    entry = 8 + -(-key_width // 8) * 8 + 4
    fan_out = max(int((BLOCK - 40) * 0.7 / entry), 2)
    level, width = 0, max(pages - 1, 1)
    while width > 1:
        width = -(-width // fan_out)
        level += 1
    return level
