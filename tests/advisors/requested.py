"""Plans of requests on a schema of plain SQL, and phases carried out on real rows."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg

from dbspecialist.facts.change import Phase
from dbspecialist.facts.migration_plan import MigrationPlan
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.statistics import ColumnStatistics, RelationStatistics
from dbspecialist.facts.workload import WorkloadStatement
from dbspecialist.tasks.new_migration import new_migration
from dbspecialist.tasks.requests import read_request
from dbspecialist.tasks.sources import snapshot_of_sql

Database = psycopg.Connection[tuple[Any, ...]]

BILLION = 1_000_000_000


def plan(
    root: Path,
    schema: str,
    *requests: str,
    rows: Mapping[str, float] | None = None,
    version: int | None = None,
    workload: Sequence[str] = (),
    nulls: Mapping[str, float] | None = None,
    pairs: bool = False,
    write: bool = False,
) -> MigrationPlan:
    """Plan requests in a project with one migration.

    Args:
        root: An empty folder.
        schema: What the migration makes.
        requests: In words.
        rows: Production's rows by table; without them there is no snapshot.
        version: Production's version.
        workload: Statements of the application.
        nulls: Shares of NULL by `table.column`.
        pairs: Whether files are named as golang-migrate's, which sends each as one message.
        write: Whether to write the files.
    """
    file = root / "migrations" / ("0001_start.up.sql" if pairs else "0001_start.sql")
    file.parent.mkdir(exist_ok=True)
    file.write_text(schema)
    file.with_name("0001_start.down.sql").write_text("SELECT 1;")
    snapshot = None
    if rows is not None:
        snapshot = production(file, rows, version, workload, nulls or {})
    asked = [read_request(shlex.split(item)) for item in requests]
    return new_migration(asked, path=root, snapshot=snapshot, write=write)


def production(
    file: Path,
    rows: Mapping[str, float],
    version: int | None,
    workload: Sequence[str],
    nulls: Mapping[str, float],
) -> Snapshot:
    made = snapshot_of_sql(file)
    return replace(
        made,
        server_version=version or made.server_version,
        relations=tuple(
            RelationStatistics(
                f"public.{name}",
                "table",
                pages=int(number // 100 + 1),
                tuples=number,
                total_bytes=int(number * 80),
            )
            for name, number in rows.items()
        ),
        columns=tuple(
            ColumnStatistics(
                f"public.{name.partition('.')[0]}", name.partition(".")[2], False, share, 8, -0.5
            )
            for name, share in nulls.items()
        ),
        workload=tuple(WorkloadStatement(item) for item in workload),
    )


def carry_out(database: Database, phases: Sequence[Phase]) -> None:
    """Carry phases out on a database, and ask before each what must be true."""
    for phase in phases:
        for check in phase.checks:
            assert database.execute(check.encode()).fetchone() == (True,), (phase.title, check)
        send(database, phase.up, phase.transactional)


def take_back(database: Database, phases: Sequence[Phase]) -> None:
    """Take phases back, the last first."""
    for phase in reversed(phases):
        send(database, phase.down, phase.transactional)


def send(database: Database, statements: Sequence[str], transactional: bool) -> None:
    if transactional:
        with database.transaction():
            for statement in statements:
                database.execute(statement.encode(), prepare=False)
    else:
        for statement in statements:
            database.execute(statement.encode(), prepare=False)


def statements(found: MigrationPlan) -> list[list[str]]:
    """Return the statements of each phase but those on time-outs."""
    return [
        [sql for sql in phase.up if not sql.startswith(("SET ", "RESET "))]
        for phase in found.phases
    ]


def open_claims(found: MigrationPlan) -> list[str]:
    """Return the claims of a plan that an engine did not bear out."""
    return [item.claim for item in found.proofs if item.verdict not in {"proven", "tested"}]
