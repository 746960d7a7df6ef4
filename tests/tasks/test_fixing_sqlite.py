from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import dbspecialist
from dbspecialist.engines.sqlite.rebuild import framed

SCHEMA = """
create table users(id integer primary key, email text);
create unique index users_email on users(email);
create table log(what text);
create trigger noted after update on users begin insert into log values (new.email); end;
create table posts(id integer primary key, user_id integer references users(id) on delete cascade);
"""

REBUILD = """-- emails are wanted
CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL DEFAULT '');
INSERT INTO new_users SELECT id, coalesce(email, '') FROM users;
DROP TABLE users; -- the old one
ALTER TABLE new_users RENAME TO users;
"""

FIXED = """PRAGMA foreign_keys = OFF;
BEGIN;

-- emails are wanted
CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL DEFAULT '');
INSERT INTO new_users SELECT id, coalesce(email, '') FROM users;
DROP TABLE users; -- the old one
ALTER TABLE new_users RENAME TO users;

CREATE UNIQUE INDEX users_email on users(email);
CREATE TRIGGER noted after update on users begin insert into log values (new.email); end;
PRAGMA foreign_key_check;
COMMIT;
PRAGMA foreign_keys = ON;
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "schema.sql").write_text(SCHEMA)
    (tmp_path / "m").mkdir()
    return tmp_path / "m"


def rules(report: dbspecialist.Report) -> set[str]:
    return {item.rule for item in report.findings}


def test_a_rebuild_is_written_anew_without_loss(folder: Path) -> None:
    (folder / "001_users.sql").write_text(REBUILD)
    report = dbspecialist.prove(
        [folder], snapshot=folder.parent / "schema.sql", engine="sqlite", fix=True
    )
    assert (folder / "001_users.sql").read_text() == FIXED
    assert report.findings == ()
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA + "pragma foreign_keys = on;")
        connection.executescript(
            "insert into users values (1, null); insert into posts values (1, 1);"
        )
        connection.executescript(FIXED)
        assert connection.execute("select * from users").fetchall() == [(1, "")]
        assert connection.execute("select * from posts").fetchall() == [(1, 1)]


def test_the_fix_says_what_it_mends_and_that_it_was_run(folder: Path) -> None:
    (folder / "001_users.sql").write_text(REBUILD)
    report = dbspecialist.prove([folder], snapshot=folder.parent / "schema.sql", engine="sqlite")
    assert rules(report) == {
        "make-indexes-again-after-rebuilds",
        "make-rebuilds-in-one-transaction",
        "make-triggers-again-after-rebuilds",
        "switch-foreign-keys-off-for-rebuilds",
    }
    fixes = {item.fix for item in report.findings if item.fix}
    assert len(fixes) == 1
    fix = fixes.pop()
    assert fix.safe
    assert {proof.verdict for proof in fix.proofs} == {"proven"}
    assert (folder / "001_users.sql").read_text() == REBUILD


def test_references_stay_with_the_name(folder: Path) -> None:
    (folder / "001_users.sql").write_text(
        "BEGIN;\nALTER TABLE users RENAME TO old;\n"
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);\n"
        "INSERT INTO users SELECT * FROM old;\nDROP TABLE old;\nCOMMIT;\n"
    )
    report = dbspecialist.prove(
        [folder], snapshot=folder.parent / "schema.sql", engine="sqlite", fix=True
    )
    assert report.findings == ()
    text = (folder / "001_users.sql").read_text()
    assert text.startswith(
        "PRAGMA foreign_keys = OFF;\nPRAGMA legacy_alter_table = ON;\nBEGIN;\n\nALTER TABLE users"
    )


def test_what_a_frame_does_not_mend_has_no_fix(folder: Path) -> None:
    text = "VACUUM;\n" + REBUILD
    (folder / "001_users.sql").write_text(text)
    report = dbspecialist.prove(
        [folder], snapshot=folder.parent / "schema.sql", engine="sqlite", fix=True
    )
    assert (folder / "001_users.sql").read_text() == text
    assert "switch-foreign-keys-off-for-rebuilds" in rules(report)


def test_frame_takes_the_place_of_the_scripts_own() -> None:
    script = "pragma foreign_keys=off;\nbegin;\ncreate table a(b); -- kept\n  end transaction;\n"
    assert framed(script, enforces=False) == (
        "PRAGMA foreign_keys = OFF;\nBEGIN;\n\ncreate table a(b); -- kept\n\n"
        "PRAGMA foreign_key_check;\nCOMMIT;\n"
    )
