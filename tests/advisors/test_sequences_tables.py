from pathlib import Path

import pytest
from requested import BILLION, Database, carry_out, plan, take_back

from dbspecialist.facts.errors import InputError

USERS = """
CREATE TABLE users (
    id bigint PRIMARY KEY,
    first text,
    last text NOT NULL DEFAULT '',
    bio text CHECK (bio <> 'x')
);
CREATE INDEX users_by_bio ON users (bio);
"""
EVENTS = """
CREATE TABLE events (id bigint, at timestamptz, what text, PRIMARY KEY (id, at));
CREATE INDEX events_by_what ON events (what);
"""
LARGE = {"users": BILLION, "events": BILLION}
MERGE = "merge-columns users name \"concat_ws(' ', first, last)\" first last"


def columns(database: Database, table: str) -> str:
    row = database.execute(
        "SELECT string_agg(attname, ' ' ORDER BY attname) FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
        [table],
    ).fetchone()
    assert row is not None
    return str(row[0])


def test_merged_columns_are_kept_in_step_and_come_back(tmp_path: Path, database: Database) -> None:
    found = plan(tmp_path, USERS, MERGE, rows=LARGE)
    assert found.refuted == ()
    assert [item.stage for item in found.phases[:3]] == ["expand", "backfill", "contract"]
    database.execute(USERS.encode())
    database.execute("INSERT INTO users SELECT n, 'a', n::text FROM generate_series(1, 11000) n")
    carry_out(database, found.phases[:2])
    database.execute("INSERT INTO users (id, first, last) VALUES (0, 'old', 'code')")
    database.execute("UPDATE users SET last = 'changed' WHERE id = 1")
    database.execute("UPDATE users SET name = 'new code' WHERE id = 2")
    told = database.execute("SELECT name FROM users WHERE id < 4 ORDER BY id").fetchall()
    assert told == [("old code",), ("a changed",), ("new code",), ("a 3",)]
    carry_out(database, found.phases[2:])
    assert columns(database, "users") == "bio id name"
    take_back(database, found.phases)
    assert columns(database, "users") == "bio first id last"
    told = database.execute("SELECT first, last FROM users WHERE id = 1").fetchall()
    assert told == [("a", "changed")]


def test_trigger_stays_while_code_uses_what_it_serves(tmp_path: Path) -> None:
    reads = "SELECT last FROM users WHERE id = $1"
    found = plan(tmp_path, USERS, MERGE, rows=LARGE, workload=[reads])
    assert [item.stage for item in found.phases] == ["expand", "backfill"]
    assert found.withheld[0].phase.title == "Let name of users stand alone"
    assert found.refuted == ()
    assert len(found.edits) == 4


def test_columns_move_to_a_table_of_their_own_and_back(tmp_path: Path, database: Database) -> None:
    found = plan(tmp_path, USERS, "split-table users profiles bio last", rows=LARGE)
    assert found.refuted == ()
    database.execute(USERS.encode())
    database.execute(
        "INSERT INTO users SELECT n, 'a', n::text, 'b' || n FROM generate_series(1, 11000) n"
    )
    carry_out(database, found.phases[:1])
    database.execute("UPDATE users SET bio = 'meanwhile' WHERE id = 1")
    carry_out(database, found.phases[1:])
    assert columns(database, "users") == "first id"
    told = database.execute("SELECT id, bio, last FROM profiles WHERE id < 3 ORDER BY id")
    assert told.fetchall() == [(1, "meanwhile", "1"), (2, "b2", "2")]
    take_back(database, found.phases)
    told = database.execute("SELECT id, bio, last FROM users WHERE id < 3 ORDER BY id")
    assert told.fetchall() == [(1, "meanwhile", "1"), (2, "b2", "2")]


def test_table_becomes_the_first_partition_without_a_copy(
    tmp_path: Path, database: Database
) -> None:
    found = plan(tmp_path, EVENTS, "partition events at 2100-01-01", rows=LARGE)
    assert found.refuted == ()
    database.execute(EVENTS.encode())
    database.execute("INSERT INTO events VALUES (1, '2020-01-01', 'a')")
    before = database.execute("SELECT pg_relation_filenode('events')").fetchone()
    carry_out(database, found.phases)
    after = database.execute("SELECT pg_relation_filenode('events_before')").fetchone()
    assert after == before
    database.execute("INSERT INTO events VALUES (2, '2020-01-02', 'b')")
    told = database.execute("SELECT tableoid::regclass::text, what FROM events ORDER BY id")
    assert told.fetchall() == [("events_before", "a"), ("events_before", "b")]
    take_back(database, found.phases)
    assert database.execute("SELECT what FROM events ORDER BY id").fetchall() == [("a",), ("b",)]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("partition users first x", "does not hold first, which a partitioned table demands"),
        ("split-table users profiles id", "id is part of the key"),
        ("split-table users users bio", "table public.users is there already"),
        ("merge-columns users name 'nope + 1' first", 'column "nope" does not exist'),
    ],
)
def test_table_that_cannot_be_changed_so_is_refused(asked: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        plan(tmp_path, USERS, asked, rows=LARGE)
    assert told in str(refused.value)
