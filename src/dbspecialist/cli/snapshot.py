"""Capture everything about a database but its rows, read-only."""

from __future__ import annotations

from pathlib import Path

import click

from dbspecialist.cli._options import debug_option


@click.command()
@click.argument("url", envvar="DBS_DATABASE_URL", metavar="URL")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="Where the snapshot is written.",
)
@click.option(
    "--redact",
    is_flag=True,
    help="Replace values in statistics by stand-ins of the same order, equality and width.",
)
@debug_option
def command(url: str, output: Path, redact: bool) -> int:
    """Write one file with the schema, statistics, sizes, settings and workload of a database.

    URL is a libpq URL, a .sql file with a schema, or a folder with migrations; it may be given
    as the environment variable DBS_DATABASE_URL instead. A database is read in one read-only
    session with time-outs, and only its catalogues are read.
    """
    from dbspecialist.cli._output import progress, write_standard_output
    from dbspecialist.facts.units import plural
    from dbspecialist.tasks.snapshot import snapshot

    with progress() as told:
        told("reading the catalogues")
        taken = snapshot(url, output, redact=redact)
    held = plural(len(taken.catalogue.objects), "object")
    sizes = plural(len(taken.relations), "size") if taken.has_statistics else "no sizes"
    lines = [f"{output}: {held}, {sizes}", *(f"not seen: {item}" for item in taken.unseen)]
    write_standard_output("\n".join(lines))
    return 0
