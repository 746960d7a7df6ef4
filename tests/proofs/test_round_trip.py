"""Ways back, run on a real engine with rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import pytest

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.effects import EngineError
from dbspecialist.facts.walked import RoundTrip
from dbspecialist.proofs.round_trip import prove_round_trip
from dbspecialist.proofs.round_trip_verdict import Observed, judge_round_trip
from dbspecialist.toolchains.base import MigrationFailed
from dbspecialist.twins.rows import fill

Connection = psycopg.Connection[tuple[Any, ...]]
SCHEMA = """
CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, name varchar(50), old text);
CREATE TABLE orders (
    id serial PRIMARY KEY, user_id integer NOT NULL REFERENCES users, status text NOT NULL
);
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
"""


def runner(connection: Connection, statements: Sequence[str]) -> Callable[[], int]:
    """Run statements in one transaction, as Alembic does."""

    def run() -> int:
        try:
            with connection.transaction():
                for statement in statements:
                    connection.execute(statement.encode())
        except psycopg.Error as error:
            refusal = EngineError(error.sqlstate or "", error.diag.message_primary or "")
            raise MigrationFailed("a1", "refused", refusal) from error
        return len(statements)

    return run


def trip(connection: Connection, up: Sequence[str], down: Sequence[str]) -> RoundTrip:
    connection.execute(SCHEMA)
    fill(connection, read_catalogue(connection), None)
    proof, _ = prove_round_trip(runner(connection, up), runner(connection, down), connection)
    return proof


def test_a_rename_both_ways_works(database: Connection) -> None:
    found = trip(
        database,
        ["ALTER TABLE users RENAME email TO mail", "CREATE INDEX on_mail ON users (mail)"],
        ["DROP INDEX on_mail", "ALTER TABLE users RENAME mail TO email"],
    )
    assert found.kind == "works"
    assert found.proof.verdict == "tested"
    assert found.proof.tries == 10
    assert found.proof.basis == (
        "upgrade, downgrade and upgrade on a twin with 10 rows in 2 tables:"
        " catalogue and rows compared after each"
    )


def test_a_column_added_and_dropped_works(database: Connection) -> None:
    found = trip(
        database,
        ["ALTER TABLE users ADD phone text", "INSERT INTO alembic_version VALUES ('a1')"],
        ["ALTER TABLE users DROP phone", "DELETE FROM alembic_version"],
    )
    assert found.kind == "works"


def test_order_of_columns_and_names_of_not_null_are_no_difference(database: Connection) -> None:
    found = trip(
        database,
        ["ALTER TABLE users RENAME email TO mail", "ALTER TABLE users ALTER mail DROP NOT NULL"],
        ["ALTER TABLE users ALTER mail SET NOT NULL", "ALTER TABLE users RENAME mail TO email"],
    )
    assert found.kind == "works"
    database.execute("ALTER TABLE orders ADD note text, ADD last text")
    again = ["ALTER TABLE orders DROP note"], ["ALTER TABLE orders ADD note text"]
    proof, _ = prove_round_trip(
        runner(database, again[0]), runner(database, again[1]), database, reversible=True
    )
    assert proof.kind == "works"


def test_a_version_table_left_over_is_no_difference(database: Connection) -> None:
    found = trip(
        database,
        ["CREATE TABLE t ()", "CREATE TABLE IF NOT EXISTS schema_migrations (v text PRIMARY KEY)"],
        ["DROP TABLE t"],
    )
    assert found.kind == "works"


def test_a_dropped_column_is_lossy_and_must_be(database: Connection) -> None:
    found = trip(
        database, ["ALTER TABLE users DROP name"], ["ALTER TABLE users ADD name varchar(50)"]
    )
    assert found.kind == "lossy"
    assert found.proof.verdict == "refuted"
    assert found.unavoidable
    assert found.details == (
        "public.users lost the values of column name in 4 of 5 rows, which is NULL now",
    )
    assert found.proof.basis.endswith(
        "the upgrade itself removes the values, so that no downgrade can restore them"
    )


def test_a_rename_taken_back_by_drop_and_add_need_not_be_lossy(database: Connection) -> None:
    found = trip(
        database,
        ["ALTER TABLE users RENAME name TO full_name"],
        ["ALTER TABLE users DROP full_name", "ALTER TABLE users ADD name varchar(50)"],
    )
    assert found.kind == "lossy"
    assert not found.unavoidable
    assert found.proof.basis.endswith(
        "after the upgrade the values were still there, in public.users.full_name"
    )


def test_rows_that_the_downgrade_deletes_need_not_be_lost(database: Connection) -> None:
    found = trip(
        database,
        ["ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey", "DROP TABLE users"],
        [
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, name varchar(50),"
            " old text)",
            "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID",
            "DELETE FROM orders",
            "ALTER TABLE orders VALIDATE CONSTRAINT orders_user_id_fkey",
        ],
    )
    assert found.kind == "lossy"
    assert not found.unavoidable  # the orders were still there
    assert found.details == (
        "public.orders holds 0 rows and held 5",
        "public.users holds 0 rows and held 5",
    )


def test_values_overwritten_by_the_upgrade_must_be_lost(database: Connection) -> None:
    found = trip(
        database,
        ["UPDATE users SET email = 'gone'"],
        ["UPDATE users SET email = lower(email)"],
    )
    assert (found.kind, found.unavoidable) == ("lossy", True)
    assert found.details == ("public.users lost the values of column email in 5 of 5 rows",)


def test_a_not_null_column_without_default_fails_on_rows(database: Connection) -> None:
    found = trip(
        database, ["ALTER TABLE users DROP email"], ["ALTER TABLE users ADD email text NOT NULL"]
    )
    assert found.kind == "failing"
    assert found.proof.verdict == "refuted"
    assert found.proof.basis == (
        'the downgrade fails: 23502: column "email" of relation "users" contains null values'
    )


def test_a_leaked_enum_type_is_unrepeatable(database: Connection) -> None:
    found = trip(
        database,
        ["CREATE TYPE mood AS ENUM ('sad')", "ALTER TABLE users ADD mood mood"],
        ["ALTER TABLE users DROP mood"],
    )
    assert found.kind == "unrepeatable"
    assert found.proof.basis == 'the second upgrade fails: 42710: type "mood" already exists'
    assert found.details == ("enum public.mood is left over",)


def test_an_index_left_over_is_incomplete(database: Connection) -> None:
    found = trip(
        database,
        ["CREATE INDEX IF NOT EXISTS i ON users (name)", "CREATE TABLE t ()"],
        ["DROP TABLE t"],
    )
    assert found.kind == "incomplete"
    assert found.details == ("index public.i is left over",)


def test_a_comment_is_told_apart_from_what_it_is_on_alone(database: Connection) -> None:
    found = trip(
        database,
        [
            "CREATE INDEX IF NOT EXISTS i ON users (name)",
            "COMMENT ON INDEX i IS 'by name'",
            "COMMENT ON TABLE users IS 'people'",
        ],
        ["SELECT 1"],
    )
    assert found.details == (
        "index public.i is left over",
        "comment table public.users is left over",
    )


def test_a_changed_default_is_told(database: Connection) -> None:
    found = trip(
        database,
        ["ALTER TABLE users ALTER name TYPE text"],
        ["ALTER TABLE users ALTER name TYPE varchar(60)"],
    )
    assert found.kind == "incomplete"
    assert found.details == (
        "column public.users.name: type was 'character varying(50)' and is 'character varying(60)'",
    )


def test_a_downgrade_without_statements_is_empty(database: Connection) -> None:
    found = trip(database, ["ALTER TABLE users ADD phone text"], [])
    assert found.kind == "empty"
    assert found.details == ("column public.users.phone is left over",)


def test_nothing_there_and_nothing_back_works(database: Connection) -> None:
    assert trip(database, ["SELECT 1"], []).kind == "works"


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("NotImplementedError: Irreversible migration", "irreversible"),
        ("RuntimeError: downgrade is not supported", "irreversible"),
        ("RuntimeError: this cannot be undone", "irreversible"),
        ("KeyError: 'email'", "failing"),
    ],
)
def test_a_downgrade_that_raises_by_itself(reason: str, kind: str) -> None:
    seen = Observed(up=Catalogue(), down_error=MigrationFailed("a1", reason))
    found = judge_round_trip(seen)
    assert (found.kind, found.proof.verdict) == (kind, "refuted")
    assert reason in found.proof.basis


def test_no_way_back_is_unchecked_and_not_run(database: Connection) -> None:
    def down() -> int:
        raise AssertionError

    found, seen = prove_round_trip(
        runner(database, ["CREATE TABLE t ()"]), down, database, reversible=False
    )
    assert (found.kind, found.proof.verdict) == ("irreversible", "unchecked")
    assert not seen.is_up


def test_an_upgrade_that_fails_is_unchecked(database: Connection) -> None:
    found = trip(database, ["ALTER TABLE users ALTER old SET NOT NULL"], [])
    assert (found.kind, found.proof.verdict) == ("unchecked", "unchecked")
    assert found.proof.basis == (
        'the upgrade fails: 23502: column "old" of relation "users" contains null values'
    )


def test_values_in_other_rows_are_told(database: Connection) -> None:
    found = trip(
        database,
        ["ALTER TABLE orders ALTER id DROP DEFAULT"],
        [
            "ALTER TABLE orders ALTER id SET DEFAULT nextval('orders_id_seq')",
            "UPDATE orders SET id = -id",
            "UPDATE orders SET id = (SELECT max(-id) + min(-id) FROM orders) + id",
        ],
    )
    assert found.kind == "lossy"
    assert found.details == ("public.orders has the values of 4 rows in other rows",)
