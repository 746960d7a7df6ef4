"""What a report says where production's server is older than the twin."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import dbspecialist
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.change import Phase
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.trial import Run
from dbspecialist.tasks.proposing import refused_by_production
from dbspecialist.tasks.sources import dumped_from

DUMP = """--
-- PostgreSQL database dump
--

-- Dumped from database version {} (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 18.6

CREATE TABLE acc (id int PRIMARY KEY, code text);
"""
NEW = Snapshot("postgresql", 180_000, "d", "a test", "2026-01-01T00:00:00Z", Catalogue())


def report(folder: Path, version: str) -> dbspecialist.Report:
    (folder / "schema").mkdir()
    (folder / "schema" / "base.sql").write_text(DUMP.format(version))
    (folder / "1.sql").write_text("ALTER TABLE acc ADD vg text GENERATED ALWAYS AS (code) VIRTUAL;")
    return dbspecialist.prove([folder / "1.sql"], snapshot=folder / "schema" / "base.sql")


def test_what_is_not_checked_of_an_older_server_is_said_once(tmp_path: Path) -> None:
    found = report(tmp_path, "15.18")
    claims = [(item.claim, item.verdict) for item in found.proofs if "PostgreSQL" in item.claim]
    assert claims == [("PostgreSQL 15 does all that the twin, 18, does", "unchecked")]
    assert found.twin.source_version == "15.18"
    assert [item.rule for item in found.findings if item.severity == "error"] == [
        "keep-to-what-the-server-knows"
    ]


def test_nothing_is_said_of_a_server_of_the_twins_major(tmp_path: Path) -> None:
    found = report(tmp_path, "18.1")
    assert not [item for item in found.proofs if "PostgreSQL" in item.claim]
    assert found.summary["error"] == 0


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (DUMP.format("15.18"), 150_018),
        (DUMP.format("16beta2"), 160_000),
        ("CREATE TABLE t (id int);", None),
        ("SELECT '-- Dumped from database version 15.1';", None),
    ],
)
def test_version_of_a_dump_is_read_from_its_head(text: str, version: int | None) -> None:
    assert dumped_from(text) == version


def test_fix_that_production_refuses_is_not_shown() -> None:
    fix = (Phase("", ("ALTER TABLE t ADD CONSTRAINT n NOT NULL a NOT VALID",)),)
    assert refused_by_production(fix, Run((), snapshot=replace(NEW, server_version=170_006)))
    assert not refused_by_production(fix, Run((), snapshot=NEW))
    assert not refused_by_production(fix, Run(()))
