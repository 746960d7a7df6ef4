from __future__ import annotations

import json
from pathlib import Path

import pytest

from dbspecialist.cli import main
from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.migrate_history import history
from dbspecialist.tasks.migrate_project import Wanted

SHOP = Path(__file__).parents[2] / "examples" / "shop"


def test_history_tells_what_the_snapshot_has(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["migrate", "history", "--project", str(SHOP)]
    assert main([*command, "--snapshot", str(SHOP / "prod.snapshot"), "--format", "json"]) == 0
    (project,) = json.loads(capsys.readouterr().out)["projects"]
    assert (project["toolchain"], project["folder"]) == ("alembic", "migrations/versions")
    states = [(item["revision"], item["state"], item["head"]) for item in project["revisions"]]
    assert len(states) == 15
    assert states[8:10] == [("0009", "applied", False), ("0010", "pending", False)]
    assert states[-1] == ("0015", "pending", True)


def test_history_without_a_database_tells_no_state(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "1_t.sql").write_text("create table t ();")
    (folder / "2_u.up.sql").write_text("create table u (); create table v ();")
    (folder / "2_u.down.sql").write_text("drop table u, v;")
    (found,) = history(Wanted(tmp_path))
    assert [
        (item.migration.revision, item.state, item.head, item.migration.reversible)
        for item in found.revisions
    ] == [("1_t", "unknown", False, False), ("2_u", "unknown", True, True)]


def test_history_of_two_databases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two databases are given"):
        history(Wanted(tmp_path), snapshot="a", database="b")
