from __future__ import annotations

import pytest

from dbspecialist.engines.mysql.alter import read_alter
from dbspecialist.engines.mysql.asking import ways


@pytest.mark.parametrize(
    ("sql", "table", "clauses", "asked"),
    [
        (
            "alter table `my t` add column a decimal(4, 2), drop b",
            "my t",
            ("add column a decimal(4, 2)", "drop b"),
            "alter table `my t` ALGORITHM=INPLACE, LOCK=NONE, add column a decimal(4, 2), drop b",
        ),
        (
            "ALTER ONLINE TABLE IF EXISTS shop.t WAIT 5 add a int, ALGORITHM=COPY, lock shared",
            "t",
            ("add a int",),
            "ALTER ONLINE TABLE IF EXISTS shop.t WAIT 5 ALGORITHM=INPLACE, LOCK=NONE, add a int",
        ),
        (
            "create unique index i using btree on t (a, b(10)) comment 'lock' algorithm = copy",
            "t",
            (),
            "create unique index i using btree on t (a, b(10)) comment 'lock' "
            "ALGORITHM=INPLACE LOCK=NONE",
        ),
        (
            "drop index if exists i on shop.t",
            "t",
            ("DROP index if exists i",),
            "ALTER TABLE shop.t ALGORITHM=INPLACE, LOCK=NONE, DROP index if exists i",
        ),
        (
            "drop index i on t algorithm=inplace",
            "t",
            (),
            "drop index i on t ALGORITHM=INPLACE LOCK=NONE",
        ),
    ],
)
def test_alter_is_taken_apart(sql: str, table: str, clauses: tuple[str, ...], asked: str) -> None:
    found = read_alter(sql)
    assert found is not None
    assert (found.table, found.clauses, found.asking("INPLACE", "NONE")) == (table, clauses, asked)


@pytest.mark.parametrize(
    "sql",
    ["alter view v as select 1", "create table t (a int, index (a))", "select 1", "alter table"],
)
def test_what_takes_no_algorithm_is_left_alone(sql: str) -> None:
    assert read_alter(sql) is None


@pytest.mark.parametrize(
    ("engine", "sql", "first", "last", "number"),
    [
        ("mariadb", "alter table t add a int", ("INSTANT", "NONE"), ("COPY", "EXCLUSIVE"), 12),
        ("mysql", "alter table t add a int", ("INSTANT", ""), ("COPY", "EXCLUSIVE"), 7),
        (
            "mariadb",
            "alter table t add a int, algorithm=inplace, lock=none",
            ("INSTANT", "NONE"),
            ("INPLACE", "NONE"),
            3,
        ),
        (
            "mariadb",
            "alter table t add a int, algorithm=copy",
            ("COPY", "NONE"),
            ("COPY", "EXCLUSIVE"),
            3,
        ),
    ],
)
def test_ways_stay_within_what_the_statement_asserts(
    engine: str, sql: str, first: tuple[str, str], last: tuple[str, str], number: int
) -> None:
    alter = read_alter(sql)
    assert alter is not None
    found = ways(alter, engine)
    assert (found[0], found[-1], len(found)) == (first, last, number)
