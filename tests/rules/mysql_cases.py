"""The runner of rule cases for MariaDB and MySQL: the same keys, on that engine."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbspecialist.engines.mysql.driver import execute
from dbspecialist.engines.mysql.script import split_script
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.statistics import ColumnStatistics, RelationStatistics, SequenceState
from dbspecialist.facts.trial import Run
from dbspecialist.facts.workload import WorkloadStatement
from dbspecialist.proofs.mysql.asking_rows import judge_data
from dbspecialist.proofs.mysql.fixes import Scene
from dbspecialist.proofs.mysql.rates import Rates
from dbspecialist.proofs.mysql.scripts import NAME
from dbspecialist.proofs.mysql.trials import try_migrations
from dbspecialist.proofs.scripts import read_scripts
from dbspecialist.tasks.fixing_mysql import with_fixes
from dbspecialist.tasks.judging import findings_of
from dbspecialist.toolchains.sql_files import SqlFiles
from dbspecialist.twins.mysql.server import Server
from dbspecialist.twins.mysql.stage import open_stage

if TYPE_CHECKING:
    from cases import Case

#: Fixed, so that a case's severity does not depend on the machine.
RATES = Rates(copy_rows=1e5, rebuild_rows=2e5, index_rows=5e5, modify_rows=1e5)
DATABASE = "shop"


def run_mysql_case(case: Case, server: Server, folder: Path) -> tuple[Run, tuple[Finding, ...]]:
    """Try a case's change on MariaDB; return what was seen, and what the case's rule finds."""
    data = case.data
    snapshot = _snapshot(data, server)
    for number, text in enumerate(_listed(data["change"]), 1):
        (folder / f"{number:03}_change.sql").write_text(text)
    for number, text in enumerate(_listed(data.get("down", ())), 1):
        (folder / f"{number:03}_change.down.sql").write_text(text)
    project = SqlFiles(
        folder, folder, single_transaction=bool(data.get("transaction")), dialect="mariadb"
    )
    with open_stage(snapshot, server=server) as stage:
        stage.statement_seconds = data.get("statement_seconds", stage.statement_seconds)
        scripts = read_scripts(project, project.history(), NAME)
        run = try_migrations(stage, project, scripts, snapshot=snapshot, rates=RATES)
        run = _asked(run, data, server)
        found = findings_of(run, select=[case.rule])
        if "fix" in data:
            found = list(with_fixes(Scene(stage, project, (), scripts, run, RATES), found).findings)
    return run, tuple(found)


def _asked(run: Run, data: Mapping[str, Any], server: Server) -> Run:
    """Ask a database that has the case's schema and, by its `production`, rows."""
    if "production" not in data:
        return judge_data(run, None)
    with contextlib.closing(server.connect()) as admin:
        execute(admin, "CREATE OR REPLACE DATABASE production")
        admin.select_db("production")
        for text in (data["schema"], data["production"]):
            for statement in split_script(text):
                execute(admin, statement.sql)
    return judge_data(run, server.url("production"))


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _snapshot(data: Mapping[str, Any], server: Server) -> Snapshot:
    empty = Snapshot("mariadb", 101119, DATABASE, "a case", "", Catalogue())
    with open_stage(empty, server=server) as stage:
        with contextlib.closing(stage.session()) as session:
            execute(session, f"SET SESSION sql_mode = '{data.get('schema_mode', '')}'")
            for statement in split_script(data.get("schema", "")):
                execute(session, statement.sql)
        catalogue = stage.read()
    counts = {f"{DATABASE}.{name}": rows for name, rows in data.get("rows", {}).items()}
    tables = [item.name for item in catalogue.of_kind("table")]
    return Snapshot(
        engine="mariadb",
        server_version=101119,
        database=DATABASE,
        source="a case",
        captured_at="2026-01-01T00:00:00Z",
        catalogue=catalogue,
        relations=tuple(_size(name, counts.get(name, 0)) for name in tables)
        if "rows" in data
        else (),
        columns=tuple(_column(name, values) for name, values in data.get("statistics", {}).items()),
        sequences=tuple(
            SequenceState(f"{DATABASE}.{name}", last, maximum, 1)
            for name, (last, maximum) in data.get("counters", {}).items()
        ),
        settings=data.get("settings", {}),
        workload=tuple(WorkloadStatement(query, calls=1000) for query in data.get("workload", ())),
    )


def _size(name: str, rows: float) -> RelationStatistics:
    size = int(rows) * 100
    return RelationStatistics(name, "table", -(-size // 8192), float(rows), total_bytes=size)


def _column(name: str, values: Mapping[str, Any]) -> ColumnStatistics:
    relation, _, column = name.rpartition(".")
    own = {"null_frac", "avg_width", "n_distinct"}
    return ColumnStatistics(
        f"{DATABASE}.{relation}",
        column,
        False,
        values.get("null_frac", 0.0),
        values.get("avg_width", 8),
        values.get("n_distinct", -1.0),
        {key: str(value) for key, value in values.items() if key not in own},
    )
