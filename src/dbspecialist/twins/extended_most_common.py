"""Most common values of extended statistics, in the stored form that the engine itself writes.

A scratch table with one row an item is analysed, and its list gets production's frequencies.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql

Connection = psycopg.Connection[tuple[Any, ...]]

#: The schema of the scratch table `dimensions`, whose columns are k1, k2 … and position.
SCRATCH = "dbs_scratch"

#: The largest statistics target, so that ANALYZE keeps every item of the scratch table.
_TARGET = 10_000


def most_common_bytes(
    connection: Connection, width: int, items: Sequence[Mapping[str, str]]
) -> bytes | None:
    """Let the engine write the values' bytes, and put the frequencies into them.

    Args:
        connection: A superuser's; the scratch table is there and empty.
        width: How many dimensions the statistics have.
        items: The list, in the source's order.
    """
    if not items:
        return None
    columns = [f"k{number}" for number in range(1, width + 1)]
    rows = connection.execute(
        "SELECT v::text[] FROM unnest(%s::text[]) WITH ORDINALITY AS given (v, n) ORDER BY n",
        [[item["values"] for item in items]],
    ).fetchall()
    insert = sql.SQL("INSERT INTO {} VALUES ({})").format(
        sql.Identifier(SCRATCH, "dimensions"),
        sql.SQL(", ").join([sql.Placeholder()] * (width + 1)),
    )
    connection.cursor().executemany(insert, [[*row[0], n] for n, row in enumerate(rows)])
    connection.execute(
        f"CREATE STATISTICS {SCRATCH}.list (mcv) ON {', '.join(columns)} FROM {SCRATCH}.dimensions"
    )
    connection.execute(f"ALTER STATISTICS {SCRATCH}.list SET STATISTICS {_TARGET}")
    connection.execute(f"ANALYZE {SCRATCH}.dimensions")
    return _with_frequencies(connection, width, items)


def _with_frequencies(
    connection: Connection, width: int, items: Sequence[Mapping[str, str]]
) -> bytes:
    """Write each item's two frequencies, in the source's order; the items are the last bytes.

    An item is a null flag for each dimension, the frequency, the base frequency and an index
    for each dimension (`statext_mcv_serialize`).
    """
    # The same output functions on both sides, so that items are found by their text.
    texts = ", ".join(
        f"CASE WHEN k{number} IS NOT NULL THEN format('%s', k{number}) END"
        for number in range(1, width + 1)
    )
    row = connection.execute(
        f"""
        SELECT d.stxdmcv::bytea, ARRAY(
                   SELECT position FROM pg_mcv_list_items(d.stxdmcv) AS item
                     JOIN {SCRATCH}.dimensions ON item.values = ARRAY[{texts}]
                    ORDER BY item.index)
          FROM pg_statistic_ext s JOIN pg_statistic_ext_data d ON d.stxoid = s.oid
         WHERE s.stxnamespace = '{SCRATCH}'::regnamespace
        """
    ).fetchone()
    assert row is not None
    content, positions = bytearray(row[0]), row[1]
    size = width * 3 + 16
    start = len(content) - size * len(positions)
    made = bytes(content[start:])
    for number, position in enumerate(positions):
        place = start + position * size
        content[place : place + size] = made[number * size : (number + 1) * size]
        item = items[position]
        figures = float(item["frequency"]), float(item["base_frequency"])
        struct.pack_into("<2d", content, place + width, *figures)
    return bytes(content)
