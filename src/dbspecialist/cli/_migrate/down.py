"""Write the missing or broken way back of a revision."""

from __future__ import annotations

from pathlib import Path

import click

from dbspecialist.cli._migrate._revisions import (
    deliver,
    format_option,
    output_option,
    project_option,
    python_option,
    toolchain_option,
    write_option,
)
from dbspecialist.cli._options import debug_option


@click.command("down")
@click.argument("revision", metavar="REV")
@toolchain_option(default="auto", show_default=True)
@project_option
@python_option
@write_option
@format_option
@output_option
@debug_option
def command(
    *,
    revision: str,
    toolchain: str,
    project: Path,
    python: Path | None,
    write: bool,
    format_: str,
    output: Path | None,
) -> int:
    """Try the way back of the revision REV with rows, and write another where it does not work.

    The other is read from the catalogues before and after the revision, and tried by the project's
    own runner. What no way back can restore is told.
    """
    from dbspecialist.cli._output import progress
    from dbspecialist.cli._status import FINDINGS
    from dbspecialist.reports._way_back import as_json, text
    from dbspecialist.tasks.migrate_down import way_back
    from dbspecialist.tasks.migrate_project import Wanted

    wanted = Wanted(project, toolchain, python=python, write=write)
    with progress() as told:
        found = way_back(revision, wanted, tell=told)
    deliver(as_json(found) if format_ == "json" else text(found), output)
    return 0 if found.works else FINDINGS
