"""The runner of rule cases: each YAML beside a rule is executed on a twin."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.names import parts
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.statistics import ColumnStatistics, RelationStatistics, SequenceState
from dbspecialist.facts.trial import Run
from dbspecialist.facts.workload import WorkloadStatement
from dbspecialist.proofs.data_fit import ask_database
from dbspecialist.proofs.history import prove_history
from dbspecialist.proofs.rates import Rates
from dbspecialist.proofs.trials import try_migrations
from dbspecialist.tasks.fixing import prove_fixes
from dbspecialist.tasks.judging import findings_of
from dbspecialist.tasks.proposing import OF_ROWS
from dbspecialist.tasks.trying import with_history
from dbspecialist.toolchains import find_projects
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.pending import Pending, pending
from dbspecialist.toolchains.sql_files import SqlFiles
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.stage import open_stage
from dbspecialist.twins.tablespaces import make_tablespaces

RULES = Path(__file__).parents[2] / "src" / "dbspecialist" / "rules"

#: Fixed, so that a case's severity does not depend on the machine.
RATES = Rates(scan_bytes=1e9, rewrite_bytes=2.5e8, index_rows=2e6, check_rows=3e6, modify_rows=3e5)
ROW_BYTES = 100


@dataclass(frozen=True)
class Case:
    """One case of a rule, as its YAML states it; see CONTRIBUTING.md for the keys."""

    rule: str
    name: str
    data: Mapping[str, Any]

    @property
    def engine(self) -> str:
        """The engine that it runs on."""
        return str(self.data.get("engine", "postgresql"))


def all_cases() -> Iterator[Case]:
    for path in sorted(RULES.rglob("*.yaml")):
        rule = path.stem.replace("_", "-")
        # The rules of a folder that is named for an engine are tried on that engine.
        engine = {"mysql": "mariadb", "sqlite": "sqlite"}.get(path.parent.name, "postgresql")
        for data in yaml.safe_load(path.read_text()):
            yield Case(rule, data["name"], {"engine": engine, **data})


def snapshot_of(case: Case, cluster: Cluster) -> Snapshot:
    """Make a snapshot from a case's schema, row counts and statistics."""
    with cluster.connect() as admin:
        admin.execute("DROP DATABASE IF EXISTS case_schema WITH (FORCE)")
        for name in case.data.get("tablespaces", ()):
            made = Catalogue((SchemaObject("table", name, attributes={"tablespace": name}),))
            make_tablespaces(admin, made, "postgres")
        admin.execute("CREATE DATABASE case_schema")
    with cluster.connect("case_schema") as connection:
        connection.execute(case.data.get("schema", "").encode() or b"SELECT")
        catalogue = read_catalogue(connection)
    named = {_qualified(name): count for name, count in case.data.get("rows", {}).items()}
    tables = [item.name for item in catalogue.of_kind("table", "materialized view")]
    return Snapshot(
        engine="postgresql",
        server_version=case.data.get("server_version", 180006),
        database="case",
        source="a case",
        captured_at="2026-01-01T00:00:00Z",
        catalogue=catalogue,
        relations=tuple(_size(name, named.get(name, 0)) for name in tables) + _scanned(case)
        if "rows" in case.data
        else (),
        columns=tuple(
            _column(name, values) for name, values in case.data.get("statistics", {}).items()
        ),
        sequences=tuple(
            _sequence(catalogue, _qualified(name), last)
            for name, last in case.data.get("sequences", {}).items()
        ),
        settings=case.data.get("settings", {}),
        workload=tuple(
            WorkloadStatement(query, calls=1000) for query in case.data.get("workload", ())
        ),
    )


def _qualified(name: str) -> str:
    return name if len(parts(name)) > 1 else f"public.{name}"


def _size(name: str, rows: float) -> RelationStatistics:
    size = int(rows) * ROW_BYTES
    return RelationStatistics(name, "table", -(-size // 8192), float(rows), total_bytes=size)


def _scanned(case: Case) -> tuple[RelationStatistics, ...]:
    """Read `index_scans: {index: times}`."""
    return tuple(
        RelationStatistics(_qualified(name), "index", 1, 0.0, reads=times)
        for name, times in case.data.get("index_scans", {}).items()
    )


def _column(name: str, values: Mapping[str, Any]) -> ColumnStatistics:
    """Read `table.column: {null_frac: 0.1, n_distinct: -1, most_common_vals: '{a,b}'}`."""
    *table, column = parts(name)
    relation = ".".join(table)
    own = {"null_frac", "avg_width", "n_distinct"}
    return ColumnStatistics(
        relation=_qualified(relation),
        column=column,
        inherited=False,
        null_frac=values.get("null_frac", 0.0),
        avg_width=values.get("avg_width", 8),
        n_distinct=values.get("n_distinct", -1.0),
        values={key: str(value) for key, value in values.items() if key not in own},
    )


def _sequence(catalogue: Catalogue, name: str, last: int) -> SequenceState:
    """Say how far a sequence of the case's schema has come."""
    found = catalogue.by_key["sequence", name].attributes
    maximum, increment = int(found["maximum"]), int(found["increment"])
    return SequenceState(name, last, maximum, increment, found.get("owned_by", ""))


def run_case(case: Case, cluster: Cluster, folder: Path) -> tuple[Run, tuple[Finding, ...]]:
    """Try a case's change, written as one or several migrations, on a stage.

    Returns what was seen, and what the case's rule finds, with the fixes that were proven.
    """
    data = case.data
    project = alembic_project(data, folder) if _is_alembic(data) else sql_project(data, folder)
    snapshot = snapshot_of(case, cluster)
    division = divide(project, data, folder)
    with open_stage(snapshot, cluster=cluster) as stage:
        stage.statement_seconds = data.get("statement_seconds", stage.statement_seconds)
        before, coming = division.before, division.pending
        run = try_migrations(stage, project, coming, snapshot=snapshot, rates=RATES)
        run = replace(run, edited=division.edited)
        if "production" in data:
            run = asked_of_rows(run, data["production"], cluster)
        if _is_alembic(data):
            history = prove_history(stage, project, before, coming, snapshot)
            run = with_history(run, project, history)
        if "fix" not in data:
            return run, tuple(findings_of(run, select=[case.rule]))
        found = findings_of(run, select=[case.rule, *OF_ROWS])
        fixed = prove_fixes(stage, stage.template, run, found)
        return run, tuple(item for item in fixed if item.rule == case.rule)


def asked_of_rows(run: Run, rows: str, cluster: Cluster) -> Run:
    """Ask a database that has a case's schema and, by its `production`, rows."""
    with cluster.connect("case_schema") as connection:
        connection.execute(rows.encode())
    return ask_database(run, cluster.url("case_schema"))


def divide(project: Project, data: Mapping[str, Any], folder: Path) -> Pending:
    """Divide a case's migrations: by `applied`, or by git where `edited` says how many changed."""
    if "edited" not in data:
        history, applied = project.history(), data.get("applied", 0)
        return Pending(before=history[:applied], pending=history[applied:])
    files = sorted(folder.glob("*.sql"))[: data["edited"]]
    git = ["git", "-C", str(folder), "-c", "user.name=case", "-c", "user.email=case@localhost"]
    for command in (
        ["init", "--quiet"],
        ["add", "--", *map(str, files)] if files else ["status", "--short"],
        ["commit", "--quiet", "--allow-empty", "--message", "before"],
    ):
        subprocess.run([*git, *command], check=True, capture_output=True)
    for file in files:
        file.write_text(file.read_text() + "-- edited\n")
    return pending(project, base="HEAD")


def sql_project(data: Mapping[str, Any], folder: Path) -> Project:
    """Write a case's changes as SQL files."""
    for number, text in enumerate(_listed(data["change"]), 1):
        (folder / f"{number:03}_change.sql").write_text(text)
    for number, text in enumerate(_listed(data.get("down", ())), 1):
        (folder / f"{number:03}_change.down.sql").write_text(text)
    return SqlFiles(folder, folder, single_transaction=bool(data.get("transaction")))


def _is_alembic(data: Mapping[str, Any]) -> bool:
    return "models" in data or "branches" in data or "applied" in data


INI = """[alembic]
script_location = migrations
prepend_sys_path = .
"""

ENV = """
from alembic import context
from sqlalchemy import create_engine
from models import metadata

with create_engine("postgresql+psycopg://").connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""

REVISION = """
from alembic import op

revision = {revision!r}
down_revision = {down!r}


def upgrade():
    op.execute({up!r})


def downgrade():
    {back}
"""


def alembic_project(data: Mapping[str, Any], folder: Path) -> Project:
    """Write a case's changes as Alembic revisions, with `models` as the module of its models."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(
        "[alembic]\nscript_location = migrations\nprepend_sys_path = .\n"
    )
    (folder / "migrations" / "env.py").write_text(ENV)
    models = data.get("models", "from sqlalchemy import MetaData\nmetadata = MetaData()\n")
    (folder / "models.py").write_text(models)
    downs = _listed(data.get("down", ()))
    for number, text in enumerate(_listed(data["change"]), 1):
        down = f"r{number - 1}" if number > 1 and not data.get("branches") else None
        back = f"op.execute({downs[number - 1]!r})" if number <= len(downs) else "pass"
        (versions / f"r{number}.py").write_text(
            REVISION.format(
                revision=f"r{number}",
                down=down,
                up=text,
                back=back,
            )
        )
    return find_projects(folder)[0]


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def check_case(case: Case, run: Run, found: tuple[Finding, ...]) -> None:
    """Compare what a rule found and what the engine did with what the case says."""
    expected = case.data.get("finds")
    if expected is None:
        assert not found, [item.message for item in found]
    else:
        _check_findings(expected if isinstance(expected, list) else [expected], found)
    _check_measured(case.data.get("measured", {}), run)
    if "fix" in case.data:
        fixes = [item.fix for item in found if item.fix]
        assert fixes, "no fix was proven"
        is_safe = {"ends-in-same-catalogue": True, "to-be-read-first": False}[case.data["fix"]]
        assert all(item.safe == is_safe for item in fixes), [item.why for item in fixes]
        titles = [phase.title for item in fixes for phase in item.phases]
        assert case.data.get("phases", titles) == titles


def _check_findings(expected: list[Mapping[str, Any]], found: tuple[Finding, ...]) -> None:
    assert len(found) == len(expected), [item.message for item in found]
    for wanted, finding in zip(expected, found, strict=True):
        assert finding.severity == wanted.get("severity", finding.severity), finding.message
        assert wanted.get("message", "") in finding.message, finding.message
        assert finding.evidence, "a finding without evidence"
        assert wanted.get("line", finding.location.line) == finding.location.line


def _check_measured(measured: Mapping[str, Any], run: Run) -> None:
    statements = [item for trial in run.trials for item in trial.statements]
    locks: dict[str, str] = {}
    for statement in statements:
        locks.update({lock.relation: lock.mode for lock in statement.locks})
    seen: dict[str, Any] = {
        "locks": locks,
        "rewrites": sorted({name for item in statements for name in item.rewrites}),
        "scans": sorted({name for item in statements for name in item.scans}),
        "drops": sorted({name for item in statements for name in item.drops}),
        "cascades": sorted({name for item in statements for name in item.cascades}),
        "errors": [item.error.sqlstate for item in statements if item.error],
        "rows_errors": [item.error.sqlstate for trial in run.trials for item in trial.rows_errors],
        "rows_modified": {
            name: round(count) for item in statements for name, count in item.rows_modified.items()
        },
        "invalid_indexes": sorted({name for item in statements for name in item.invalid_indexes}),
        "algorithms": [item.algorithm for item in statements if item.algorithm],
        "commits": [item.sql for item in statements if item.commits],
    }
    for key, value in measured.items():
        assert seen[key] == value, f"{key}: the engine shows {seen[key]}"
