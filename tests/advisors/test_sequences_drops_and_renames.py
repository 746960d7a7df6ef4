from pathlib import Path

import pytest
from requested import BILLION, Database, carry_out, plan, statements, take_back

from dbspecialist.facts.errors import InputError

SCHEMA = """
CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL DEFAULT '' CHECK (name <> 'x'));
CREATE INDEX users_by_name ON users (lower(name));
"""
LARGE = {"users": BILLION}
SELECT = "SELECT id, name FROM users WHERE id = $1"


def test_values_of_a_dropped_column_are_kept_and_come_back(
    tmp_path: Path, database: Database
) -> None:
    found = plan(tmp_path, SCHEMA, "drop-column users name", rows=LARGE, nulls={"users.name": 0.5})
    assert found.refuted == ()
    assert found.losses == (
        "column name of public.users goes with about 500 million values;"
        " public.users_name_kept keeps them",
    )
    database.execute(SCHEMA.encode())
    database.execute("INSERT INTO users SELECT n, 'u' || n FROM generate_series(1, 11000) n")
    before = database.execute("SELECT md5(string_agg(id || name, ',' ORDER BY id)) FROM users")
    told = before.fetchone()
    carry_out(database, found.phases)
    take_back(database, found.phases[2:])
    after = database.execute("SELECT md5(string_agg(id || name, ',' ORDER BY id)) FROM users")
    assert after.fetchone() == told
    indexes = database.execute("SELECT count(*) FROM pg_index WHERE indrelid = 'users'::regclass")
    assert indexes.fetchone() == (2,)


def test_column_is_not_dropped_before_its_values_are_kept(
    tmp_path: Path, database: Database
) -> None:
    found = plan(tmp_path, SCHEMA, "drop-column users name", rows=LARGE)
    database.execute(SCHEMA.encode())
    database.execute("INSERT INTO users VALUES (1, 'a')")
    carry_out(database, found.phases[:2])
    database.execute("UPDATE users SET name = 'b'")
    (check,) = found.phases[2].checks
    assert database.execute(check.encode()).fetchone() == (False,)


@pytest.mark.parametrize("asked", ["drop-column users name", "drop-table users"])
def test_what_code_uses_is_not_taken_away(asked: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        plan(tmp_path, SCHEMA, asked, rows=LARGE, workload=[SELECT], write=True)
    assert f"code still uses what goes: {SELECT}" in str(refused.value)
    assert len(list((tmp_path / "migrations").iterdir())) == 2


def test_column_that_a_view_needs_is_not_dropped(tmp_path: Path) -> None:
    schema = f"{SCHEMA} CREATE VIEW named AS SELECT name FROM users;"
    with pytest.raises(InputError, match="cannot drop column name of table users"):
        plan(tmp_path, schema, "drop-column users name")


def test_dropped_table_is_put_aside_with_its_rows(tmp_path: Path) -> None:
    found = plan(tmp_path, SCHEMA, "drop-table users", rows=LARGE)
    assert statements(found) == [["ALTER TABLE public.users RENAME TO users_dropped"]]
    assert found.losses == ("nothing yet: public.users_dropped keeps 1 billion rows",)
    assert found.refuted == ()


@pytest.mark.parametrize(
    ("asked", "old", "new"),
    [
        ("rename-column users name title", SELECT, "SELECT id, title FROM users"),
        ("rename-table users people", SELECT, "SELECT id, name FROM people"),
    ],
)
def test_old_and_new_code_work_until_the_rename_is_done(
    asked: str, old: str, new: str, tmp_path: Path, database: Database
) -> None:
    found = plan(tmp_path, SCHEMA, asked, rows=LARGE, workload=[SELECT])
    assert found.refuted == ()
    assert [item.stage for item in found.phases] == ["expand"]
    assert [item.statement for item in found.withheld] == [SELECT]
    database.execute(SCHEMA.encode())
    carry_out(database, found.phases)
    database.execute("INSERT INTO users (id, name) VALUES (1, 'a')")
    assert database.execute(old.replace("$1", "1").encode()).fetchone() == (1, "a")
    assert database.execute(new.encode()).fetchone() == (1, "a")
    carry_out(database, [item.phase for item in found.withheld])
    assert database.execute(new.encode()).fetchone() == (1, "a")


@pytest.mark.parametrize(
    ("asked", "after"),
    [
        (
            "rename-column users name title",
            [
                "DROP VIEW public.users",
                "ALTER TABLE public.users_behind_view RENAME TO users",
                "ALTER TABLE public.users RENAME COLUMN name TO title",
            ],
        ),
        ("rename-table users people", ["DROP VIEW public.users"]),
    ],
)
def test_rename_that_was_begun_is_ended(asked: str, after: list[str], tmp_path: Path) -> None:
    first = plan(tmp_path, SCHEMA, asked, rows=LARGE, workload=[SELECT], write=True)
    assert first.written
    again = plan(tmp_path, SCHEMA, asked)
    assert statements(again) == [after]
    assert again.refuted == ()


def test_rename_to_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is there already"):
        plan(tmp_path, SCHEMA, "rename-column users name id")


@pytest.mark.parametrize("column", ["id", "number", "twice", "word"])
def test_column_comes_back_as_it_was(column: str, tmp_path: Path) -> None:
    schema = """
    CREATE TABLE things (
        key bigint PRIMARY KEY,
        id bigint GENERATED ALWAYS AS IDENTITY,
        number serial,
        twice bigint GENERATED ALWAYS AS (key * 2) STORED,
        word text COLLATE "C" NOT NULL DEFAULT 'x'
    );
    """
    found = plan(tmp_path, schema, f"drop-column things {column}", rows={"things": BILLION})
    assert found.refuted == ()
