"""Write the SQL that makes one schema equal to another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbspecialist.cli._migrate._revisions import (
    deliver_revisions,
    head_option,
    project_option,
    python_option,
    question,
    rename_option,
    title_option,
    toolchain_option,
    write_option,
)
from dbspecialist.cli._options import debug_option

if TYPE_CHECKING:
    from dbspecialist.facts.revision_files import RevisionFiles
    from dbspecialist.tasks.migrate_project import Wanted


@click.command("diff")
@click.argument("before", metavar="FROM")
@click.argument("after", metavar="TO")
@click.option("--down", is_flag=True, help="Print the way back instead.")
@rename_option
@click.option(
    "--format",
    "format_",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="SQL, or both directions with their proofs as JSON.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to FILE instead of standard output.",
)
@toolchain_option(default=None)
@project_option
@title_option
@head_option
@python_option
@write_option
@click.option("--exit-code", is_flag=True, help="End with status 1 where the two differ.")
@debug_option
def command(
    *,
    before: str,
    after: str,
    down: bool,
    renames: dict[str, str],
    format_: str,
    output: Path | None,
    toolchain: str | None,
    project: Path,
    title: str,
    head: str,
    python: Path | None,
    write: bool,
    exit_code: bool,
) -> int:
    """Write the SQL that makes the schema FROM equal to the schema TO.

    Each is a .sql file, a snapshot, a database URL (only read), a folder with migrations, or
    MODULE:METADATA for SQLAlchemy models. The script is run on a twin of FROM, and the catalogue
    and the output of pg_dump are compared with those of TO; the way back likewise. Where the two
    are equal, nothing is printed.

    With --toolchain the way is written as revisions of a project, which are run by its own
    runner in a copy of it, there and back.
    """
    if toolchain or write:
        from dbspecialist.tasks.migrate_project import AUTO, Wanted

        if down:
            raise click.UsageError("--down is for SQL: a revision has both ways")
        wanted = Wanted(project, toolchain or AUTO, title, head, python, write)
        revisions = _as_revisions(before, after, renames, wanted)
        status = deliver_revisions(revisions, format_, output)
        return status or int(exit_code and bool(revisions.proofs))
    from dbspecialist.cli._output import progress, write_file, write_standard_output
    from dbspecialist.cli._status import FINDINGS
    from dbspecialist.reports._schema_diff import as_json, sql
    from dbspecialist.tasks.migrate import diff

    with progress() as told:
        found = diff(before, after, renames=renames, ask=question(), tell=told)
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    text = as_json(found) if format_ == "json" else sql(found, down=down)
    if output is not None:
        write_file(output, text)
    elif text:
        write_standard_output(text)
    refuted = not (found.down if down else found.up).proven
    return FINDINGS if refuted or (exit_code and not found.equal) else 0


def _as_revisions(
    before: str, after: str, renames: dict[str, str], wanted: Wanted
) -> RevisionFiles:
    from dbspecialist.cli._output import progress
    from dbspecialist.tasks.migrate_revisions import diff_revisions

    with progress() as told:
        return diff_revisions(before, after, wanted, renames=renames, ask=question(), tell=told)
