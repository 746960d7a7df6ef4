"""Flyway's programs and callbacks in a report."""

from pathlib import Path

import pytest
from node_projects import write

import dbspecialist

PROGRAM = "public class V2__Fill extends BaseJavaMigration { }"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_program_is_unchecked_and_what_follows_it_is_tried(folder: Path) -> None:
    files = {
        "V1__a.sql": "CREATE TABLE a (id int PRIMARY KEY);",
        "V2__Fill.java": PROGRAM,
        "V3__c.sql": "ALTER TABLE a ADD COLUMN b int;",
    }
    write(folder, {f"db/migration/{name}": text for name, text in files.items()})
    report = dbspecialist.prove(["."], from_="base")
    assert [len(item.statements) for item in report.migrations] == [1, 0, 1]
    assert [(item.verdict, item.basis) for item in report.proofs] == [
        ("unchecked", "2 migrations run on an empty database; not run: V2")
    ]
    (finding,) = report.at_least("warning")
    assert (finding.rule, finding.location.path) == (
        "try-every-migration",
        "db/migration/V2__Fill.java",
    )
    assert finding.message == "V2 is not tried: it is a Java program, which is not run here"


def test_callback_is_told_with_the_migration_that_it_follows(folder: Path) -> None:
    files = {
        "V1__a.sql": "CREATE TABLE a (id int PRIMARY KEY);",
        "afterMigrate.sql": "CREATE INDEX ON a (id);\n",
    }
    write(folder, {f"db/migration/{name}": text for name, text in files.items()})
    (migration,) = dbspecialist.prove(["."], from_="base").migrations
    assert [(item.sql, item.line) for item in migration.statements] == [
        ("CREATE TABLE a (id int PRIMARY KEY)", 1),
        ("CREATE INDEX ON a (id)", None),
    ]
    assert migration.statements[0].transaction != migration.statements[1].transaction


def test_failure_that_a_program_before_it_may_explain_is_unchecked(folder: Path) -> None:
    files = {
        "V1__a.sql": "CREATE TABLE a (id int PRIMARY KEY);",
        "V2__Fill.java": PROGRAM,
        "V3__c.sql": "ALTER TABLE by_program ADD COLUMN b int;",
    }
    write(folder, {f"db/migration/{name}": text for name, text in files.items()})
    report = dbspecialist.prove(["."], from_="base")
    assert report.at_least("error") == ()
    assert report.proofs[0].verdict == "unchecked"
    assert report.proofs[0].basis.endswith("; not run: V2")
    found = [item for item in report.findings if item.rule == "mend-refused-statements"]
    assert [(item.severity, item.message, item.evidence[0].verdict) for item in found] == [
        (
            "warning",
            'The statement fails with 42P01: relation "by_program" does not exist;'
            " V2 before it was not run",
            "unchecked",
        )
    ]
