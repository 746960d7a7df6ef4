"""Options that several commands share, and the types of their values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from dbspecialist.facts.errors import InputError

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

FAIL_ON = ("error", "warning", "info", "never")
FORMATS = tuple(
    sorted(path.stem for path in (Path(__file__).parent.parent / "reports").glob("[a-z]*.py"))
)


class Duration(click.ParamType[float]):
    """A time such as `500ms`, `1s` or `2min`, as milliseconds."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the text, or fail as a usage error."""
        from dbspecialist.facts.units import milliseconds

        try:
            return milliseconds(str(value))
        except InputError as refused:
            self.fail(refused.what, param, ctx)


def _set_debug(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        context.obj.debug = True


debug_option = click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    callback=_set_debug,
    help="Print the traceback of a defect.",
)


def reporting(command: Decorated) -> Decorated:
    """Add what every reporting command takes: format, output, further reports and fail-on."""
    options = (
        click.option(
            "--format",
            "format_",
            type=click.Choice(FORMATS),
            default="text",
            show_default=True,
            help="How the report is written.",
        ),
        click.option(
            "--output",
            "-o",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Write the report to FILE instead of standard output.",
        ),
        click.option(
            "--also",
            type=(click.Choice(FORMATS), click.Path(dir_okay=False, path_type=Path)),
            multiple=True,
            metavar="FORMAT FILE",
            help="Write a further report of the same run; may be repeated.",
        ),
        click.option(
            "--fail-on",
            type=click.Choice(FAIL_ON),
            help="The least severity that ends with status 1.  [default: error]",
        ),
        debug_option,
    )
    for option in reversed(options):
        command = option(command)
    return command
