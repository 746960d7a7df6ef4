from pathlib import Path

import pytest

from dbspecialist.facts.change import Change, FileEdit, Phase
from dbspecialist.facts.finding import Finding, Location
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.report import MigrationReport, Report, TwinFacts
from dbspecialist.tasks.places import seen_from_here

BACK = Proof("a", "unchecked", "b")


def report(path: str) -> Report:
    fix = Change("a", (Phase("b", edits=(FileEdit(path, "c"),)),))
    return Report(
        TwinFacts("postgresql", "18.6", "a", "", 0.0),
        (MigrationReport(Migration("1", path, "sql"), (), BACK),),
        (
            Finding("a", "info", "b", Location(path, 3), fix=fix),
            Finding("a", "info", "b", Location(path)),
        ),
    )


def test_seen_from_here_where_the_project_is_a_folder_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "services" / "shop").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    expected = report("services/shop/migrations/1.sql")
    assert seen_from_here(report("migrations/1.sql"), Path("services/shop")) == expected
    assert seen_from_here(report("migrations/1.sql"), tmp_path / "services/shop") == expected


@pytest.mark.parametrize("root", [".", "..", "/nowhere"])
def test_seen_from_here_where_the_project_is_here_or_elsewhere(
    root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert seen_from_here(report("1.sql"), Path(root)) == report("1.sql")
