"""Open a snapshot as a throwaway server and hand out its URL."""

from __future__ import annotations

from pathlib import Path

import click

from dbspecialist.cli._options import debug_option

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
    from dbspecialist.cli._output import write_standard_output
    from dbspecialist.tasks.twin import twin_open

    with twin_open(snapshot, scale=scale) as twin:
        write_standard_output(twin.url)
        try:
            twin.wait()
        except KeyboardInterrupt:
            click.echo("dbs: the twin is closed", err=True)
    return 0


@command.command("run", context_settings={"ignore_unknown_options": True})
@snapshot_argument
@click.argument("arguments", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND…")
@scale_option
@debug_option
def run(snapshot: Path, arguments: tuple[str, ...], scale: float) -> int:
    """Run COMMAND with DATABASE_URL set to the twin, close the twin, and end as COMMAND ended."""
    from dbspecialist.tasks.twin import twin_run

    return twin_run(snapshot, list(arguments), scale=scale)
