from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dbspecialist.engines.sqlite.catalogue import affinity, checks_of
from dbspecialist.engines.sqlite.connection import Session
from dbspecialist.engines.sqlite.effects import Observer
from dbspecialist.engines.sqlite.script import split_script, tag_of
from dbspecialist.facts.errors import InputError


@pytest.fixture
def observer(tmp_path: Path) -> Iterator[Observer]:
    session = Session(tmp_path / "a.db", 5.0, foreign_keys=True)
    session.execute("create table users(id integer primary key, email text)")
    session.execute(
        "create table posts(id integer, owner integer references users(id) on delete cascade)"
    )
    session.execute("insert into users values (1, 'a'), (2, null), (3, null), (4, 'b')")
    session.execute("insert into posts values (1, 1), (2, 2)")
    yield Observer(session, {"main.users": 4000.0, "main.posts": 10.0})
    session.close()


def test_add_column_reads_and_writes_no_row(observer: Observer) -> None:
    seen = observer.send("alter table users add column age int default 0")
    assert (seen.scans, dict(seen.rewrites), dict(seen.rows_modified)) == ((), {}, {})


def test_drop_column_writes_every_row(observer: Observer) -> None:
    seen = observer.send("alter table users drop column email")
    assert (seen.scans, list(seen.rewrites)) == (("main.users",), ["main.users"])


def test_update_and_copy_are_told_at_productions_size(observer: Observer) -> None:
    seen = observer.send("update users set email = '' where email is null")
    assert dict(seen.rows_modified) == {"main.users": 2000.0}
    observer.send("create table copy(id int)")
    seen = observer.send("insert into copy select id from users where id > 3")
    assert dict(seen.rows_modified) == {"main.copy": 1000.0}


def test_drop_table_under_foreign_keys_loses_rows_of_others(observer: Observer) -> None:
    seen = observer.send("drop table users")
    assert (seen.drops, seen.rows_lost) == (("table main.users",), ("main.posts",))
    assert dict(seen.rows_modified) == {"main.posts": 10.0}


def test_rename_is_followed_and_transactions_are_counted(observer: Observer) -> None:
    first = observer.send("begin")
    second = observer.send("alter table users rename to people")
    observer.send("commit")
    last = observer.send("select 1")
    assert dict(second.renames) == {"main.users": "main.people"}
    assert [item.in_transaction for item in (first, second, last)] == [False, True, False]
    assert [item.transaction for item in (first, second, last)] == [1, 1, 2]


def test_refusals_have_the_name_of_their_code(observer: Observer) -> None:
    seen = observer.send("insert into users values (1, 'again')")
    assert seen.error is not None
    assert seen.error.sqlstate == "SQLITE_CONSTRAINT_PRIMARYKEY"


def test_scripts_are_split_as_sqlite_does() -> None:
    text = """-- first; not a statement
create table a(b text default ';');
/* ; */ create trigger t after insert on a begin
    update a set b = 'x;y';
end;
select 1
"""
    found = split_script(text)
    assert [(item.line, tag_of(item.sql)) for item in found] == [
        (2, "CREATE TABLE"),
        (3, "CREATE TRIGGER"),
        (6, "SELECT"),
    ]
    with pytest.raises(InputError, match=r"m.sql:2: .read is a command of the client"):
        split_script("select 1;\n.read other.sql\n", Path("m.sql"))


def test_checks_and_affinities_are_read_from_texts() -> None:
    sql = "create table a(b int check (b > (1)), c text default 'check (x)', check(c <> ')'))"
    assert checks_of(sql) == ("b > (1)", "c <> ')'")
    kinds = ["BIGINT", "varchar(3)", "", "double", "decimal(3,2)", "POINT", "any"]
    assert [affinity(kind) for kind in kinds] == [
        *("INTEGER", "TEXT", "BLOB", "REAL", "NUMERIC", "INTEGER", "BLOB"),
    ]
