"""What `dbs migrate new` and `dbs migrate plan` share: their options, and the call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dbspecialist.cli._options import debug_option
from dbspecialist.cli._status import FINDINGS, interrupts_later

if TYPE_CHECKING:
    from dbspecialist.facts.request import Request

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def planning_options() -> tuple[Callable[[Decorated], Decorated], ...]:
    """Return the options of a command that plans a migration."""
    return (
        click.option(
            "--project",
            "path",
            type=click.Path(exists=True, path_type=Path),
            default=Path(),
            metavar="DIR",
            help="The repository.  [default: the working folder]",
        ),
        click.option(
            "--snapshot",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Production's snapshot; without one every table is taken as large.",
        ),
        click.option(
            "--scale", type=float, default=1.0, metavar="N", help="As if N times as large."
        ),
        click.option("--from", "from_", metavar="REV", help="The last revision that has run."),
        click.option("--head", default="", metavar="REV", help="The revision to follow."),
        click.option("--toolchain", metavar="NAME", help="Where the repository has several."),
        click.option(
            "--python",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            metavar="FILE",
            help="The interpreter that has the project's packages.",
        ),
        click.option("--no-models", is_flag=True, help="Leave the ORM's models as they are."),
        click.option("--write", is_flag=True, help="Write the files, all or none."),
        click.option(
            "--format",
            "format_",
            type=click.Choice(("text", "json", "markdown")),
            help="How the plan is written.  [default: text; markdown for -o FILE.md]",
        ),
        click.option(
            "--output",
            "-o",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Write the plan to FILE instead of standard output.",
        ),
        debug_option,
    )


def carried_out(
    requests: Sequence[Request],
    *,
    format_: str | None,
    output: Path | None,
    no_models: bool,
    **asked: Any,
) -> int:
    """Plan requests, write the report, and return the exit status."""
    with interrupts_later():
        from dbspecialist.cli._output import progress, write_file, write_standard_output
        from dbspecialist.reports._migration_plan import render
        from dbspecialist.tasks.new_migration import new_migration

    with progress() as told:
        plan = new_migration(requests, models=not no_models, progress=told, **asked)
    is_page = output is not None and output.suffix.lower() in {".md", ".markdown"}
    text = render(plan, format_ or ("markdown" if is_page else "text"))
    if output is not None:
        write_file(output, text)
    else:
        write_standard_output(text)
    return FINDINGS if plan.refuted else 0
