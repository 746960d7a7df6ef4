"""Open a snapshot as a throwaway server and hand out its URL."""

from __future__ import annotations

from pathlib import Path

import click

from dbspecialist.cli._options import debug_option

#: Shells add the number of the signal that ended a command to this.
KILLED = 128

snapshot_argument = click.argument(
    "snapshot",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="SNAPSHOT",
)
scale_option = click.option(
    "--scale",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    metavar="N",
    help="As if every table were N times larger.",
)


@click.group()
def command() -> None:
    """Open a snapshot as a throwaway server on this machine."""


@command.command("open")
@snapshot_argument
@scale_option
@debug_option
def open_(snapshot: Path, scale: float) -> int:
    """Print a connection URL on the first line and keep the server until Ctrl-C."""
    from contextlib import ExitStack

    from dbspecialist.cli._output import progress, write_standard_output
    from dbspecialist.tasks.twin import twin_open

    with ExitStack() as stack:
        with progress() as told:
            twin = twin_open(snapshot, scale=scale, progress=told)
            stack.push(twin)
        for item in twin.left_out:
            click.echo(f"left out: {item}", err=True)
        twin.wait(lambda: write_standard_output(twin.url))
    return 0


@command.command("run", context_settings={"ignore_unknown_options": True})
@snapshot_argument
@click.argument("arguments", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND…")
@scale_option
@debug_option
def run(snapshot: Path, arguments: tuple[str, ...], scale: float) -> int:
    """Run COMMAND with DATABASE_URL set to the twin, close the twin, and end as COMMAND ended."""
    from dbspecialist.tasks.twin import twin_run

    ended = twin_run(snapshot, list(arguments), scale=scale)
    return ended if ended >= 0 else KILLED - ended
