"""Merge heads of Alembic after both orders have run."""

from __future__ import annotations

from pathlib import Path

import click

from dbspecialist.cli._migrate._revisions import (
    deliver,
    format_option,
    output_option,
    project_option,
    python_option,
    title_option,
    write_option,
)
from dbspecialist.cli._options import debug_option


@click.command("merge")
@click.argument("heads", metavar="[HEAD]...", nargs=-1)
@project_option
@title_option
@python_option
@write_option
@format_option
@output_option
@debug_option
def command(
    *,
    heads: tuple[str, ...],
    project: Path,
    title: str,
    python: Path | None,
    write: bool,
    format_: str,
    output: Path | None,
) -> int:
    """Merge heads of Alembic, all of them where none is given.

    The branches are run on a twin in both orders. What fails in one of them, or ends otherwise,
    is told as a conflict, and nothing is written.
    """
    from dbspecialist.cli._output import progress
    from dbspecialist.cli._status import FINDINGS
    from dbspecialist.reports._merge import as_json, text
    from dbspecialist.tasks.migrate_merge import merge
    from dbspecialist.tasks.migrate_project import Wanted

    wanted = Wanted(project, "alembic", title, python=python, write=write)
    with progress() as told:
        found = merge(heads, wanted, tell=told)
    deliver(as_json(found) if format_ == "json" else text(found), output)
    return 0 if found.files.proven else FINDINGS
