"""Write migrations and carry out what they need."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

FOLDER = Path(__file__).parent / "_migrate"


class Subcommands(click.Group):
    """The modules of the folder beside, each with a `command`; one is imported when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """List the subcommands by name without importing them."""
        return sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one subcommand, or return nothing where no module has that name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = importlib.import_module(f"dbspecialist.cli._migrate.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one line a subcommand, taken from the first line of its module's docstring."""
        from dbspecialist.cli._group import first_line

        names = self.list_commands(ctx)
        with formatter.section("Commands"):
            formatter.write_dl([(name, first_line(FOLDER / f"{name}.py")) for name in names])


@click.group(cls=Subcommands)
def command() -> None:
    """Write migrations and carry out what they need."""
