"""List the revisions and what a database has of them."""

from __future__ import annotations

from pathlib import Path

import click

from dbspecialist.cli._migrate._revisions import (
    database_option,
    deliver,
    format_option,
    output_option,
    project_option,
    python_option,
    snapshot_option,
    toolchain_option,
)
from dbspecialist.cli._options import debug_option


@click.command("history")
@snapshot_option
@database_option
@toolchain_option(default="auto", show_default=True)
@project_option
@python_option
@format_option
@output_option
@debug_option
def command(
    *,
    snapshot: Path | None,
    database: str | None,
    toolchain: str,
    project: Path,
    python: Path | None,
    format_: str,
    output: Path | None,
) -> int:
    """List the revisions of a folder's projects in running order.

    Each is told with its title, whether it runs in a transaction and whether it has a way back;
    with a snapshot or a database, whether that has it, or its file has changed since.
    """
    from dbspecialist.reports._history import as_json, text
    from dbspecialist.tasks.migrate_history import history
    from dbspecialist.tasks.migrate_project import Wanted

    wanted = Wanted(project, toolchain, python=python)
    found = history(wanted, snapshot=snapshot, database=database)
    deliver(as_json(found) if format_ == "json" else text(found), output)
    return 0
