"""Compare models, migrations and database, and adopt what differs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbspecialist.cli._migrate._revisions import (
    database_option,
    deliver,
    format_option,
    head_option,
    output_option,
    project_option,
    python_option,
    rename_option,
    snapshot_option,
    title_option,
    toolchain_option,
    write_option,
)
from dbspecialist.cli._options import debug_option

if TYPE_CHECKING:
    from dbspecialist.tasks.migrate_drift import Adopt


@click.command("drift")
@snapshot_option
@database_option
@click.option(
    "--models",
    metavar="MODULE:METADATA",
    help="SQLAlchemy models, where the toolchain does not name them.",
)
@click.option(
    "--adopt",
    type=click.Choice(("database", "models")),
    help="Make a revision after which the migrations equal this side.",
)
@rename_option
@toolchain_option(default="auto", show_default=True)
@project_option
@title_option
@head_option
@python_option
@write_option
@format_option
@output_option
@debug_option
def command(
    *,
    snapshot: Path | None,
    database: str | None,
    models: str | None,
    adopt: Adopt | None,
    renames: dict[str, str],
    toolchain: str,
    project: Path,
    title: str,
    head: str,
    python: Path | None,
    write: bool,
    format_: str,
    output: Path | None,
) -> int:
    """Compare models, migrations and database three ways.

    The migrations are run from zero on a twin. What pending ones bring is no difference of the
    database, whose version table is read and never written. A revision that adopts the database
    does its work where it is not done yet, and nothing in the database that has it.
    """
    from dbspecialist.cli._migrate._revisions import question
    from dbspecialist.cli._output import progress
    from dbspecialist.cli._status import FINDINGS
    from dbspecialist.reports._drift import as_json, text
    from dbspecialist.tasks.migrate_drift import Compare, drift
    from dbspecialist.tasks.migrate_project import Wanted

    if write and not adopt:
        adopt = "database" if snapshot or database else "models"
    wanted = Wanted(project, toolchain, title, head, python, write)
    compare = Compare(snapshot, database, models, adopt or "", renames)
    with progress() as told:
        found = drift(wanted, compare, ask=question(), tell=told)
    deliver(as_json(found) if format_ == "json" else text(found), output)
    return FINDINGS if found.items else 0
