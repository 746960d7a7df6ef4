"""The runner of rule cases for SQLite: the same keys, on a file."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbspecialist.engines.sqlite.script import split_script
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.statistics import ColumnStatistics, RelationStatistics
from dbspecialist.facts.trial import Run
from dbspecialist.facts.workload import WorkloadStatement
from dbspecialist.proofs.scripts import read_scripts
from dbspecialist.proofs.sqlite.trials import try_migrations
from dbspecialist.tasks.fixing_sqlite import prove_fixes
from dbspecialist.tasks.judging import findings_of
from dbspecialist.toolchains.sql_files import SqlFiles
from dbspecialist.twins.sqlite.stage import open_stage

if TYPE_CHECKING:
    from cases import Case


def run_sqlite_case(case: Case, folder: Path) -> tuple[Run, tuple[Finding, ...]]:
    """Try a case's change on SQLite; return what was seen, and what the case's rule finds."""
    data = case.data
    snapshot = _snapshot(data)
    for number, text in enumerate(_listed(data["change"]), 1):
        (folder / f"{number:03}_change.sql").write_text(text)
    for number, text in enumerate(_listed(data.get("down", ())), 1):
        (folder / f"{number:03}_change.down.sql").write_text(text)
    project = SqlFiles(
        folder, folder, single_transaction=bool(data.get("transaction")), dialect="sqlite"
    )
    with open_stage(snapshot) as stage:
        run = try_migrations(stage, project, project.history(), snapshot=snapshot)
        found = tuple(findings_of(run, select=[case.rule]))
        if "fix" in data:
            scripts = read_scripts(project, project.history(), "SQLite")
            found, _ = prove_fixes(stage, folder, scripts, run, found)
    return run, found


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _snapshot(data: Mapping[str, Any]) -> Snapshot:
    with open_stage() as stage, contextlib.closing(stage.session()) as session:
        session.execute("PRAGMA foreign_keys = OFF")
        for statement in split_script(data.get("schema", "")):
            session.execute(statement.sql)
        catalogue = stage.read()
    return Snapshot(
        engine="sqlite",
        server_version=3040001,
        database="shop",
        source="a case",
        captured_at="2026-01-01T00:00:00Z",
        catalogue=catalogue,
        relations=tuple(
            RelationStatistics(f"main.{name}", "table", 0, float(rows))
            for name, rows in data.get("rows", {}).items()
        ),
        columns=tuple(
            ColumnStatistics(
                f"main.{name.rpartition('.')[0]}",
                name.rpartition(".")[2],
                False,
                values.get("null_frac", 0.0),
                0,
                0.0,
            )
            for name, values in data.get("statistics", {}).items()
        ),
        settings=data.get("settings", {}),
        workload=tuple(WorkloadStatement(query, calls=1000) for query in data.get("workload", ())),
    )
