"""Write one revision in place of several."""

from __future__ import annotations

from pathlib import Path

import click

from dbspecialist.cli._migrate._revisions import (
    deliver_revisions,
    force_option,
    format_option,
    output_option,
    project_option,
    python_option,
    title_option,
    toolchain_option,
    write_option,
)
from dbspecialist.cli._options import debug_option


@click.command("squash")
@click.argument("revisions", metavar="[A]..B")
@toolchain_option(default="auto", show_default=True)
@project_option
@title_option
@python_option
@write_option
@force_option
@format_option
@output_option
@debug_option
def command(
    *,
    revisions: str,
    toolchain: str,
    project: Path,
    title: str,
    python: Path | None,
    write: bool,
    force: bool,
    format_: str,
    output: Path | None,
) -> int:
    """Write one revision in place of those from A to B; without A from the first on.

    The history is run from zero with it and without it; catalogues, the output of pg_dump and
    the numbers of rows are compared.
    """
    from dbspecialist.cli._output import progress
    from dbspecialist.tasks.migrate_project import Wanted
    from dbspecialist.tasks.migrate_squash import squash

    first, dots, last = revisions.partition("..")
    if not dots or not last:
        raise click.UsageError(f"'{revisions}' is not A..B")
    wanted = Wanted(project, toolchain, title, python=python, write=write)
    with progress() as told:
        found = squash(first, last, wanted, force=force, tell=told)
    return deliver_revisions(found, format_, output)
