from pathlib import Path

import psycopg
import pytest
from requested import BILLION, Database, carry_out, plan, send, statements, take_back

from dbspecialist.facts.errors import InputError

SCHEMA = """
CREATE TABLE users (
    id bigint PRIMARY KEY,
    size integer NOT NULL DEFAULT 1 CHECK (size > 0),
    mail varchar(50) UNIQUE,
    parent integer
);
CREATE INDEX users_by_size ON users (size, mail);
"""
LARGE = {"users": BILLION}
SMALL = {"users": 500}


@pytest.mark.parametrize("kind", ["varchar(100)", "text"])
def test_type_that_costs_nothing_is_one_step(kind: str, tmp_path: Path) -> None:
    found = plan(tmp_path, SCHEMA, f"change-type users mail '{kind}'", rows=LARGE)
    assert [item.title.split()[0] for item in found.phases] == ["Change"]
    assert found.refuted == ()


def test_rewrite_of_a_small_table_is_one_step(tmp_path: Path) -> None:
    found = plan(tmp_path, SCHEMA, "change-type users parent bigint", rows=SMALL)
    assert statements(found) == [["ALTER TABLE public.users ALTER COLUMN parent TYPE bigint"]]
    assert found.refuted == ()


def test_rewrite_of_a_large_table_goes_by_a_column_beside(
    tmp_path: Path, database: Database
) -> None:
    found = plan(tmp_path, SCHEMA, "change-type users size bigint", rows=LARGE)
    assert found.refuted == ()
    database.execute(SCHEMA.encode())
    database.execute("INSERT INTO users SELECT n, n, 'm' || n FROM generate_series(1, 11000) n")
    carry_out(database, found.phases[:1])
    database.execute("INSERT INTO users (id, size) VALUES (20000, 7)")  # old code, meanwhile
    database.execute("UPDATE users SET size = 8 WHERE id = 1")
    carry_out(database, found.phases[1:])
    told = database.execute(
        "SELECT count(*), sum(size), pg_typeof(max(size))::text FROM users"
    ).fetchone()
    assert told == (11_001, 11_000 * 11_001 / 2 + 7 + 7, "bigint")
    database.execute("INSERT INTO users (id) VALUES (20001)")
    assert database.execute("SELECT size FROM users WHERE id = 20001").fetchone() == (1,)
    send(database, found.phases[-1].down, transactional=True)
    told = database.execute("SELECT count(*), pg_typeof(max(size))::text FROM users").fetchone()
    assert told == (11_002, "integer")
    take_back(database, found.phases[:-1])
    columns = database.execute(
        "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute"
        " WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped"
    ).fetchone()
    assert columns == ("id size mail parent",)


def test_code_that_the_new_type_breaks_holds_the_swap_back(tmp_path: Path) -> None:
    broken = "SELECT id FROM users WHERE parent % 2 = 0"
    found = plan(tmp_path, SCHEMA, "change-type users parent text", rows=LARGE, workload=[broken])
    assert [item.statement for item in found.withheld] == [broken]
    assert found.refuted == ()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("change-type users id integer", "is part of primary key"),
        ("change-type users size integer", "is integer already"),
        ("change-type users mail point", "does not become point"),
        ("from-enum users mail", "which is no enum"),
    ],
)
def test_type_that_cannot_be_changed_is_refused(asked: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        plan(tmp_path, SCHEMA, asked, rows=LARGE)
    assert told in str(refused.value)


def test_text_becomes_an_enum_where_every_row_has_a_label(
    tmp_path: Path, database: Database
) -> None:
    schema = "CREATE TABLE users (id bigint PRIMARY KEY, kind text NOT NULL DEFAULT 'old');"
    found = plan(tmp_path, schema, "to-enum users kind user_kind old new", rows=LARGE)
    assert found.refuted == ()
    database.execute(schema.encode())
    database.execute("INSERT INTO users VALUES (1, 'old'), (2, 'odd')")
    (check,) = found.phases[0].checks
    assert database.execute(check.encode()).fetchone() == (False,)
    database.execute("UPDATE users SET kind = 'new' WHERE id = 2")
    carry_out(database, found.phases)
    labels = database.execute("SELECT array_agg(kind ORDER BY id)::text FROM users").fetchone()
    assert labels == ("{old,new}",)


def test_enum_becomes_text(tmp_path: Path) -> None:
    schema = """
    CREATE TYPE mood AS ENUM ('sad', 'ok');
    CREATE TABLE users (id bigint PRIMARY KEY, mood mood NOT NULL DEFAULT 'ok');
    """
    found = plan(tmp_path, schema, "from-enum users mood", rows=LARGE)
    assert found.refuted == ()
    assert [item.stage for item in found.phases] == ["expand", "backfill", "", "", "contract"]


def test_new_label_of_an_enum_has_a_way_back(tmp_path: Path) -> None:
    schema = """
    CREATE TYPE mood AS ENUM ('sad', 'ok');
    CREATE TABLE users (id bigint PRIMARY KEY, mood mood NOT NULL DEFAULT 'ok');
    """
    found = plan(tmp_path, schema, "add-enum-value mood great --after sad", rows=LARGE)
    assert statements(found) == [["ALTER TYPE public.mood ADD VALUE 'great' AFTER 'sad'"]]
    assert found.refuted == ()


def test_rows_are_marked_as_deleted_and_their_keys_are_free(
    tmp_path: Path, database: Database
) -> None:
    found = plan(tmp_path, SCHEMA, "soft-delete users --free-keys", rows=LARGE)
    assert found.refuted == ()
    database.execute(SCHEMA.encode())
    carry_out(database, found.phases)
    database.execute("INSERT INTO users (id, mail) VALUES (1, 'a')")
    database.execute("UPDATE users SET deleted_at = now()")
    database.execute("INSERT INTO users (id, mail) VALUES (2, 'a')")
    assert database.execute("SELECT id FROM users_live").fetchall() == [(2,)]


def test_values_that_a_narrower_type_cuts_off_stop_the_plan(
    tmp_path: Path, database: Database
) -> None:
    found = plan(tmp_path, SCHEMA, "change-type users mail 'varchar(3)'", rows=LARGE)
    assert found.refuted == ()
    asked = "SELECT NOT EXISTS (SELECT FROM public.users WHERE length(mail::text) > 3)"
    assert found.phases[0].checks == (asked,)
    database.execute(SCHEMA.encode())
    database.execute("INSERT INTO users (id, mail) VALUES (1, 'long')")
    assert database.execute(asked.encode()).fetchone() == (False,)
    send(database, found.phases[0].up, transactional=True)
    with pytest.raises(psycopg.errors.StringDataRightTruncation):
        send(database, found.phases[1].up, transactional=False)


def test_way_back_of_a_wider_type_cuts_nothing_off(tmp_path: Path, database: Database) -> None:
    found = plan(tmp_path, SCHEMA, "change-type users mail 'varchar(100)'", rows=LARGE)
    database.execute(SCHEMA.encode())
    carry_out(database, found.phases)
    database.execute("INSERT INTO users (id, mail) VALUES (1, repeat('x', 60))")
    with pytest.raises(psycopg.errors.StringDataRightTruncation):
        take_back(database, found.phases)
