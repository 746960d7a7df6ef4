from __future__ import annotations

from typing import Any

import psycopg
import pytest

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.engines.postgresql.ddl.conditional import where_missing

TABLE = "CREATE TABLE t (a integer, b text)"

#: What is there, the statement, and what is written for it; nothing for a DO block.
CASES: list[tuple[str, str, str | None]] = [
    ("", TABLE, "CREATE TABLE IF NOT EXISTS t (a integer, b text)"),
    (TABLE, "CREATE UNIQUE INDEX i ON t (a)", "CREATE UNIQUE INDEX IF NOT EXISTS i ON t (a)"),
    (TABLE, "ALTER TABLE t ADD COLUMN c int", "ALTER TABLE t ADD COLUMN IF NOT EXISTS c int"),
    (TABLE, "ALTER TABLE ONLY t DROP COLUMN b", "ALTER TABLE ONLY t DROP COLUMN IF EXISTS b"),
    (
        f"{TABLE}; ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)",
        "ALTER TABLE t DROP CONSTRAINT k",
        "ALTER TABLE t DROP CONSTRAINT IF EXISTS k",
    ),
    (TABLE, "DROP TABLE t", "DROP TABLE IF EXISTS t"),
    (
        TABLE,
        "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
        "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
    ),
    (TABLE, "CREATE VIEW v AS SELECT a FROM t", "CREATE OR REPLACE VIEW v AS SELECT a FROM t"),
    (
        "CREATE TYPE e AS ENUM ('x')",
        "ALTER TYPE e ADD VALUE 'y' BEFORE 'x'",
        "ALTER TYPE e ADD VALUE IF NOT EXISTS 'y' BEFORE 'x'",
    ),
    (TABLE, "COMMENT ON TABLE t IS 'ADD DROP'", "COMMENT ON TABLE t IS 'ADD DROP'"),
    ("", "CREATE TYPE e AS ENUM ('x')", None),
    ("", "CREATE DOMAIN d AS integer CHECK (VALUE > 0)", None),
    (TABLE, "ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (a)", None),
    (TABLE, "ALTER TABLE t ADD CONSTRAINT k UNIQUE (a)", None),
    (TABLE, "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)", None),
    (TABLE, "CREATE POLICY p ON t USING (true)", None),
    (TABLE, "ALTER TABLE t RENAME COLUMN b TO c", None),
    (TABLE, "ALTER TABLE t RENAME TO u", None),
    (
        "CREATE DOMAIN d AS integer CONSTRAINT k CHECK (VALUE > 0)",
        "ALTER DOMAIN d DROP CONSTRAINT k",
        None,
    ),
]


@pytest.mark.parametrize(("there", "statement", "written"), CASES)
def test_statement_runs_once_as_it_is_and_again_to_no_effect(
    there: str,
    statement: str,
    written: str | None,
    database: psycopg.Connection[tuple[Any, ...]],
) -> None:
    found = where_missing(statement)
    assert found == written if written else found.startswith("DO $do$\nBEGIN\n    " + statement)
    if there:
        database.execute(there.encode())
    before = read_catalogue(database)
    database.execute(found.encode())
    after = read_catalogue(database)
    assert after != before
    database.execute(found.encode())
    assert read_catalogue(database) == after


def test_other_failures_are_not_caught(database: psycopg.Connection[tuple[Any, ...]]) -> None:
    database.execute(f"{TABLE}; INSERT INTO t VALUES (-1)".encode())
    with pytest.raises(psycopg.errors.CheckViolation):
        database.execute(where_missing("ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)").encode())
