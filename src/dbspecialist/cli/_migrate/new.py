"""Write a migration from a request, in phases that are safe for the table's size."""

from __future__ import annotations

from dataclasses import Field
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dbspecialist.facts.request import Request


class Kinds(click.Group):
    """The kinds of request, each a command; one is imported when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """List the kinds by name without importing them."""
        from dbspecialist.advisors.sequences import kind_names

        return list(kind_names())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Make the command of one kind, or return nothing where there is none of that name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        from dbspecialist.advisors.sequences import request_type

        return _command(cmd_name, request_type(cmd_name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one line a kind, taken from the first line of its module's docstring."""
        from dbspecialist.advisors.sequences import kind_file
        from dbspecialist.cli._group import first_line

        names = self.list_commands(ctx)
        with formatter.section("Requests"):
            formatter.write_dl([(name, first_line(kind_file(name))) for name in names])


def _command(kind: str, request: type[Request]) -> click.Command:
    from dbspecialist.cli._plans import carried_out, planning_options
    from dbspecialist.facts.request import arguments_of, options_of

    own = [*arguments_of(request), *options_of(request)]

    def callback(**given: Any) -> int:
        values = {item.name: given.pop(item.name) for item in own}
        return carried_out([request(**values)], **given)

    command: Any = callback
    for decorate in reversed(planning_options()):
        command = decorate(command)
    made = click.command(kind, help=request.__doc__)(command)
    made.params[:0] = [
        *(_argument(item) for item in arguments_of(request)),
        *(_option(item) for item in options_of(request)),
    ]
    return made


def _argument(item: Field[Any]) -> click.Argument:
    from dbspecialist.facts.request import is_many

    many = is_many(item)
    shown = item.metadata["metavar"] or item.name.upper()
    return click.Argument([item.name], nargs=-1 if many else 1, required=True, metavar=shown)


def _option(item: Field[Any]) -> click.Option:
    from dbspecialist.facts.request import is_many, option_name

    name, told = option_name(item), item.metadata["help"]
    if item.default is False:
        return click.Option([name, item.name], is_flag=True, help=told)
    metavar = item.metadata["metavar"]
    return click.Option([name, item.name], multiple=is_many(item), metavar=metavar, help=told)


@click.group(cls=Kinds)
def command() -> None:
    """Write a migration from a request, in phases that are safe for the table's size.

    A small or new table is changed in one step; a large one, or one whose size is not known, in
    phases that are deployed one by one. The files are run on a twin before they are shown. Without
    --write nothing is written.
    """
