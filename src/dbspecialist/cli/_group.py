"""The group of commands, which imports a command only when it is called."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from dbspecialist.cli._options import debug_option

FOLDER = Path(__file__).parent


class Commands(click.Group):
    """The modules of this folder whose names begin with a letter, each with a `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """List the commands by name without importing them."""
        return sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command, or return nothing where no module has that name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = importlib.import_module(f"dbspecialist.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one line a command, taken from the first line of its module's docstring."""
        rows = [(name, summary(name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def summary(command: str) -> str:
    """Return the first line of a command module's docstring, read without importing it."""
    return first_line(FOLDER / f"{command}.py")


def first_line(module: Path) -> str:
    """Return the first line of a module's docstring, read without importing it."""
    with module.open(encoding="utf-8") as lines:
        return lines.readline().strip().strip('"')


def print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the version and end, where it was asked for."""
    if wanted:
        from importlib.metadata import version

        click.echo(f"dbspecialist {version('dbspecialist')}")
        context.exit()


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 nothing at or above --fail-on, 1 findings, 2 bad input, 3 a defect.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_version,
    help="Print the version.",
)
@debug_option
def group() -> None:
    """A database specialist that tries every change on a twin of production first.

    A twin is a throwaway server loaded with a snapshot: the schema, the statistics and the
    sizes of production, and no row of it. Your own database is only read.
    """
