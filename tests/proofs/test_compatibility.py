from __future__ import annotations

from typing import Any

import psycopg
import pytest

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.workload import WorkloadStatement
from dbspecialist.proofs.compatibility import OldCode

SCHEMA = "CREATE TABLE users (id bigint PRIMARY KEY, email text, old int)"
SELECT = "SELECT id, email FROM users WHERE id = $1"
INSERT = "INSERT INTO users (id, email) VALUES ($1, $2)"


@pytest.mark.parametrize(
    ("change", "query", "sqlstate"),
    [
        ("ALTER TABLE users DROP COLUMN email", SELECT, "42703"),
        ("ALTER TABLE users RENAME TO people", SELECT, "42P01"),
        ("ALTER TABLE users ADD COLUMN age int NOT NULL", INSERT, "23502"),
        ("ALTER TABLE users DROP COLUMN old, ADD COLUMN age text NOT NULL", INSERT, "23502"),
    ],
)
def test_old_statement_is_broken(
    database: psycopg.Connection[tuple[Any, ...]], change: str, query: str, sqlstate: str
) -> None:
    database.execute(SCHEMA)
    code = OldCode(database, [WorkloadStatement(query)])
    database.execute(change.encode())
    broken = code.broken_by(read_catalogue(database))
    assert [item.error.sqlstate for item in broken] == [sqlstate]
    assert code.broken_by(read_catalogue(database)) == ()


@pytest.mark.parametrize(
    ("change", "query"),
    [
        ("ALTER TABLE users DROP COLUMN old", SELECT),
        ("ALTER TABLE users DROP COLUMN old", INSERT),
        ("ALTER TABLE users ADD COLUMN age int NOT NULL DEFAULT 1", INSERT),
        ("ALTER TABLE users ADD COLUMN age int", INSERT),
        ("ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people", SELECT),
    ],
)
def test_old_statement_still_works(
    database: psycopg.Connection[tuple[Any, ...]], change: str, query: str
) -> None:
    database.execute(SCHEMA)
    code = OldCode(database, [WorkloadStatement(query)])
    database.execute(change.encode())
    assert code.broken_by(read_catalogue(database)) == ()


def test_statement_that_never_worked_is_counted_and_left_out(
    database: psycopg.Connection[tuple[Any, ...]],
) -> None:
    code = OldCode(database, [WorkloadStatement("SELECT * FROM nowhere")])
    assert (code.working, code.unplanned) == ([], 1)
