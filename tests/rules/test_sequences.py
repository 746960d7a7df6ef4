from __future__ import annotations

from typing import Any

import psycopg
import pytest

from dbspecialist.rules.migration._sequences import backfill, constraint_name, single_action


def test_backfill_fills_every_row_in_steps_that_commit(
    database: psycopg.Connection[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dbspecialist.rules.migration._sequences.BACKFILL_PAGES", 10)
    database.execute('CREATE TABLE "My t" (id int, v int) WITH (fillfactor = 50)')
    database.execute(
        'INSERT INTO "My t" SELECT n, nullif(n % 2, 0) FROM generate_series(1, 9000) n'
    )
    database.execute('ALTER TABLE "My t" ALTER COLUMN v SET DEFAULT 7')
    steps, _ = backfill('public."My t"', "v", "DEFAULT").up
    database.execute(steps.encode())
    filled = database.execute('SELECT v, count(*) FROM "My t" GROUP BY v ORDER BY v').fetchall()
    commits = database.execute('SELECT count(DISTINCT xmin::text) FROM "My t" WHERE v = 7')
    assert filled == [(1, 4500), (7, 4500)]
    assert commits.fetchall() == [(8,)]


@pytest.mark.parametrize(
    ("sql", "single"),
    [
        ("ALTER TABLE t ADD COLUMN n numeric(4, 2) DEFAULT 1", True),
        ("alter table t add column a text default 'x, y'", True),
        ("ALTER TABLE t ADD COLUMN a int, ADD COLUMN b int", False),
        ("DO $$ BEGIN ALTER TABLE t ADD a int; END $$", False),
    ],
)
def test_single_action_counts_commas_outside_of_brackets(sql: str, single: bool) -> None:
    assert single_action(sql) is single


@pytest.mark.parametrize(
    ("table", "column", "name"),
    [
        ("public.users", "email", "users_email_check"),
        ('public."Users"', "email", '"Users_email_check"'),
        ("public.users", '"Email"', '"users_Email_check"'),
    ],
)
def test_constraint_name_is_quoted_where_it_must_be(table: str, column: str, name: str) -> None:
    assert constraint_name(table, column, "check") == name
