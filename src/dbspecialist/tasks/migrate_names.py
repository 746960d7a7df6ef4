"""What a migration renames, by what tables and columns are known by whatever their names.

A table keeps its number in pg_class and a column its place in pg_attribute through every rename
("System Catalogs", PostgreSQL manual).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg

from dbspecialist.advisors.schema_diff.renames import Answers

#: By a table's number and a column's (0 for the table): the table's name and the column's.
Names = Mapping[tuple[int, int], tuple[str, str]]

_QUERY = """
SELECT c.oid::int8, 0, format('%I.%I', n.nspname, c.relname), ''
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^(pg_|information_schema$)'
UNION ALL
SELECT c.oid::int8, a.attnum, format('%I.%I', n.nspname, c.relname), quote_ident(a.attname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^(pg_|information_schema$)'
  AND a.attnum > 0 AND NOT a.attisdropped
"""


def read_names(connection: psycopg.Connection[tuple[Any, ...]]) -> Names:
    """Read the names of all tables and columns by what they are known by."""
    rows = connection.execute(_QUERY).fetchall()
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def renames_between(before: Names, after: Names) -> Answers:
    """Return what was renamed from one reading to the next, as the answers of a way there."""
    tables = dict(_tables(before, after))
    columns = {
        (after[key[0], 0][0], name): after[key][1]
        for key, (_, name) in before.items()
        if key[1] and key in after and after[key][1] != name
    }
    return Answers(tables, columns, rest=True)


def _tables(before: Names, after: Names) -> Iterator[tuple[str, str]]:
    for key, (name, _) in before.items():
        if not key[1] and key in after and after[key][0] != name:
            yield name, after[key][0]
