from pathlib import Path

import pytest
from requested import BILLION, Database, carry_out, open_claims, plan, statements, take_back

from dbspecialist.facts.errors import InputError

SCHEMA = """
CREATE TABLE users (id bigint PRIMARY KEY, email text, age int);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, total numeric);
"""
LARGE = {"users": BILLION, "orders": BILLION}
SMALL = {"users": 500, "orders": 500}


def test_not_null_is_stated_behind_a_check_on_an_older_server(tmp_path: Path) -> None:
    asked = "set-not-null users email --fill \"''\""
    found = plan(tmp_path, SCHEMA, asked, rows=LARGE, version=160_000)
    fill, refuse, check = statements(found)
    assert fill[0].startswith("DO $backfill$")
    assert refuse == [
        "ALTER TABLE public.users ADD CONSTRAINT users_email_not_null"
        " CHECK (email IS NOT NULL) NOT VALID"
    ]
    assert check == [
        "ALTER TABLE public.users VALIDATE CONSTRAINT users_email_not_null",
        "ALTER TABLE public.users ALTER COLUMN email SET NOT NULL",
        "ALTER TABLE public.users DROP CONSTRAINT users_email_not_null",
    ]
    assert found.refuted == ()


def test_nulls_that_statistics_show_must_be_filled(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="about 250 million of 1 billion rows"):
        plan(tmp_path, SCHEMA, "set-not-null users email", rows=LARGE, nulls={"users.email": 0.25})


def test_nulls_that_nobody_has_counted_are_asked_for(tmp_path: Path) -> None:
    found = plan(tmp_path, SCHEMA, "set-not-null users email", rows=LARGE)
    assert found.refuted == ()
    asked = "SELECT NOT EXISTS (SELECT FROM public.users WHERE email IS NULL)"
    assert [item.checks for item in found.phases] == [(asked,), (asked,)]
    assert [item.rule for item in found.accepted] == ["backfill-before-not-null"]


def test_check_is_validated_in_a_transaction_of_its_own(tmp_path: Path) -> None:
    found = plan(tmp_path, SCHEMA, "add-check users 'age > 0'", rows=LARGE)
    assert statements(found) == [
        ["ALTER TABLE public.users ADD CONSTRAINT users_age_check CHECK ((age > 0)) NOT VALID"],
        ["ALTER TABLE public.users VALIDATE CONSTRAINT users_age_check"],
    ]
    assert found.refuted == ()


def test_check_is_one_step_on_a_small_table(tmp_path: Path) -> None:
    found = plan(tmp_path, SCHEMA, "add-check users 'age > 0' --name grown", rows=SMALL)
    assert statements(found) == [
        ["ALTER TABLE public.users ADD CONSTRAINT grown CHECK ((age > 0))"]
    ]
    assert found.refuted == ()


def test_foreign_key_gets_an_index_and_is_validated_apart(tmp_path: Path) -> None:
    asked = "add-foreign-key orders user_id users --on-delete cascade"
    found = plan(tmp_path, SCHEMA, asked, rows=LARGE)
    key = "FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE"
    assert statements(found) == [
        [
            "DROP INDEX CONCURRENTLY IF EXISTS public.orders_user_id_idx",
            "CREATE INDEX CONCURRENTLY orders_user_id_idx ON public.orders USING btree (user_id)",
        ],
        [f"ALTER TABLE public.orders ADD CONSTRAINT orders_user_id_fkey {key} NOT VALID"],
        ["ALTER TABLE public.orders VALIDATE CONSTRAINT orders_user_id_fkey"],
    ]
    assert found.refuted == ()


def test_foreign_key_uses_the_index_that_is_there(tmp_path: Path) -> None:
    schema = f"{SCHEMA} CREATE INDEX mine ON orders (user_id, total);"
    found = plan(tmp_path, schema, "add-foreign-key orders user_id users", rows=SMALL)
    assert [item.title for item in found.phases] == [
        "Add foreign key orders_user_id_fkey to orders"
    ]
    assert found.refuted == ()


def test_unique_constraint_stands_on_an_index_built_beside_the_traffic(tmp_path: Path) -> None:
    found = plan(tmp_path, SCHEMA, "add-unique users email", rows=LARGE)
    assert statements(found) == [
        [
            "DROP INDEX CONCURRENTLY IF EXISTS public.users_email_key",
            "CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON public.users USING btree (email)",
            "ALTER TABLE public.users ADD CONSTRAINT users_email_key"
            " UNIQUE USING INDEX users_email_key",
        ]
    ]
    assert found.refuted == ()


def test_dropped_constraint_comes_back_without_a_long_lock(tmp_path: Path) -> None:
    schema = "CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE);"
    found = plan(tmp_path, schema, "drop-constraint users users_email_key", rows=LARGE)
    assert found.phases[0].down[2] == (
        "CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON public.users USING btree (email)"
    )
    assert found.refuted == ()
    assert open_claims(found) == ["no known statement of the code breaks in the files"]


def test_checks_are_false_while_a_row_is_in_the_way(tmp_path: Path, database: Database) -> None:
    asked = [
        "set-not-null users email",
        "add-check users 'age > 0'",
        "add-unique users age",
        "add-foreign-key orders user_id users",
    ]
    found = plan(tmp_path, SCHEMA, *asked, rows=SMALL)
    database.execute(SCHEMA.encode())
    database.execute("INSERT INTO users VALUES (1, NULL, -1), (2, 'b', -1)")
    database.execute("INSERT INTO orders VALUES (1, 7, 0)")
    checks = [check for phase in found.phases for check in phase.checks]
    assert len(checks) == 4
    assert [database.execute(item.encode()).fetchone() for item in checks] == [(False,)] * 4


def test_phases_carry_constraints_to_real_rows_and_back(tmp_path: Path, database: Database) -> None:
    asked = [
        "set-not-null users email --fill \"'none'\"",
        "add-unique users age",
        "add-foreign-key orders user_id users",
        "add-check orders 'total >= 0'",
    ]
    found = plan(tmp_path, SCHEMA, *asked, rows=LARGE, version=160_000)
    database.execute(SCHEMA.encode())
    database.execute("INSERT INTO users SELECT n, NULL, n FROM generate_series(1, 11000) n")
    database.execute("INSERT INTO orders SELECT n, n, n FROM generate_series(1, 11000) n")
    carry_out(database, found.phases)
    assert database.execute("SELECT count(*) FROM users WHERE email = 'none'").fetchone() == (
        11000,
    )
    valid = (
        "SELECT count(*) FROM pg_constraint WHERE contype IN ('f', 'c', 'u') AND convalidated"
        " AND connamespace = 'public'::regnamespace"
    )
    assert database.execute(valid.encode()).fetchone() == (3,)
    take_back(database, found.phases)
    assert database.execute(valid.encode()).fetchone() == (0,)


PARTS = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE events (id bigint, at date, user_id bigint) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
"""


@pytest.mark.parametrize("version", [150_000, 180_000])
@pytest.mark.parametrize("asked", ["set-not-null events user_id", "add-check events 'id > 0'"])
def test_constraint_of_a_partitioned_table_is_validated_apart(
    asked: str, version: int, tmp_path: Path
) -> None:
    found = plan(
        tmp_path, PARTS, asked, rows={"users": BILLION, "events_1": BILLION}, version=version
    )
    assert found.refuted == ()
    assert any("VALIDATE CONSTRAINT" in sql for phase in found.phases for sql in phase.up)


def test_foreign_key_of_a_partitioned_table_waits_for_a_newer_server(tmp_path: Path) -> None:
    rows = {"users": BILLION, "events_1": BILLION}
    asked = "add-foreign-key events user_id users"
    assert plan(tmp_path, PARTS, asked, rows=rows, version=180_000).refuted == ()
    with pytest.raises(InputError, match="PostgreSQL 15 adds no unchecked foreign key"):
        plan(tmp_path, PARTS, asked, rows=rows, version=150_000)
