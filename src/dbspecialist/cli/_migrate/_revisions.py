"""What commands that write revisions have in common: their options and how they report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from dbspecialist.facts.revision_files import RevisionFiles
    from dbspecialist.tasks.migrate import Ask

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

#: The toolchains that revisions are written for.
TOOLCHAINS = ("auto", "alembic", "flyway", "prisma", "sequelize", "sql", "typeorm")


def _pairs(
    _context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
) -> dict[str, str]:
    """Split OLD=NEW at its first equals sign."""
    found: dict[str, str] = {}
    for text in given:
        old, sign, new = text.partition("=")
        if not sign or not old:
            raise click.BadParameter(f"'{text}' is not OLD=NEW")
        if found.setdefault(old, new) != new:
            raise click.BadParameter(f"'{old}' is given two new names")
    return found


rename_option = click.option(
    "--rename",
    "renames",
    multiple=True,
    callback=_pairs,
    metavar="OLD=NEW",
    help="OLD, a table or TABLE.COLUMN, is now NEW; with nothing behind `=` it is dropped.",
)
project_option = click.option(
    "--project",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIR",
    help="The folder of the project.  [default: the current one]",
)
snapshot_option = click.option(
    "--snapshot",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A snapshot of the database, or a .sql file.",
)
database_option = click.option("--database", metavar="URL", help="The database; it is only read.")
python_option = click.option(
    "--python",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The interpreter that has the project's packages.",
)
format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="Text for people, or JSON.",
)
output_option = click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to FILE instead of standard output.",
)
write_option = click.option("--write", is_flag=True, help="Write the files.")
force_option = click.option(
    "--force", is_flag=True, help="Also write over files that git does not have."
)
title_option = click.option("--title", default="", metavar="TEXT", help="What the change does.")
head_option = click.option(
    "--head", default="", metavar="REV", help="The revision to follow, where there are several."
)


def toolchain_option(**given: Any) -> Callable[[Decorated], Decorated]:
    """Return the option that names the toolchain."""
    return click.option(
        "--toolchain",
        type=click.Choice(TOOLCHAINS),
        help="Whose migrations they are; auto for the only one in the folder.",
        **given,
    )


def deliver(text: str, output: Path | None) -> None:
    """Write a text to a file or to standard output; nothing for ""."""
    from dbspecialist.cli._output import write_file, write_standard_output

    if output is not None:
        write_file(output, text)
    elif text:
        write_standard_output(text)


def deliver_revisions(found: RevisionFiles, format_: str, output: Path | None) -> int:
    """Report revisions and return the exit status: 1 where a claim about them is refuted."""
    from dbspecialist.cli._status import FINDINGS
    from dbspecialist.reports._revision_files import as_json, text

    deliver(as_json(found) if format_ == "json" else text(found), output)
    return FINDINGS if any(item.verdict == "refuted" for item in found.proofs) else 0


def question() -> Ask | None:
    """Return what asks at a terminal, or nothing where there is none."""
    import sys

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None

    def ask(old: str, new: str, seen: str) -> bool:
        return click.confirm(f"{seen}. Was {old} renamed to {new}?", err=True)

    return ask
