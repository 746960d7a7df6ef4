"""Show what each pending migration does to production."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from dbspecialist import cli
from dbspecialist.cli._options import Duration, reporting
from dbspecialist.cli._status import interrupts_later


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[PATH]…")
@click.option(
    "--snapshot",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="What stands for production: a snapshot, or a .sql file with its schema.",
)
@click.option(
    "--database",
    envvar="DBS_DATABASE_URL",
    metavar="URL",
    help="Ask this database, read-only, where statistics cannot decide.",
)
@click.option("--from", "from_", metavar="REVISION", help="The last revision that is applied.")
@click.option("--to", metavar="REVISION", help="The last revision to prove.")
@click.option("--base", metavar="REF", help="Prove what a git branch or commit does not have.")
@click.option(
    "--scale",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    metavar="N",
    help="As if every table were N times larger.",
)
@click.option("--fix", is_flag=True, help="Write the fixes that were proven into the files.")
@click.option("--toolchain", metavar="NAME", help="Read the folder as this toolchain's.")
@click.option(
    "--python",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="PATH",
    help="The interpreter that has the project's packages.",
)
@click.option(
    "--single-transaction", is_flag=True, help="Run each SQL file in one transaction, as psql can."
)
@click.option(
    "--engine",
    type=click.Choice(["postgresql", "mysql", "mariadb", "sqlite"]),
    help="Try them on this engine, where no snapshot tells it.  [default: postgresql]",
)
@click.option(
    "--max-blocked",
    type=Duration(),
    metavar="TIME",
    help="How long reads or writes may wait before it is an error.  [default: 1s]",
)
@click.option("--select", multiple=True, metavar="RULE", help="Only this rule; may be repeated.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Not this rule; may be repeated.")
@reporting
def command(
    paths: tuple[Path, ...],
    format_: str,
    output: Path | None,
    also: tuple[tuple[str, Path], ...],
    fail_on: str | None,
    **asked: Any,
) -> int:
    """Run the pending migrations on a twin of production and report what they do.

    PATH is a project, a folder of migrations or a file; without one, the current folder. For each
    statement the report says which locks it holds on which tables for how long, what it rewrites
    and scans, whether it fails on the data that is there, whether the way back works, and what to
    write instead.
    """
    from dbspecialist.twins.beforehand import folder_made_meanwhile

    begins = asked["engine"] in {None, "postgresql"}
    with folder_made_meanwhile() if begins else nullcontext():
        with interrupts_later():
            from dbspecialist.twins.cluster import launch_beforehand
            from dbspecialist.twins.folders import leave_removal

            launch_beforehand()  # it starts while the rest is imported
            if cli.ends_with_command:
                leave_removal()
            from dbspecialist.cli._output import deliver, progress
            from dbspecialist.tasks.configuration import read_configuration
            from dbspecialist.tasks.prove import prove

        roots = paths or (Path(),)
        least = fail_on or read_configuration(roots[0]).fail_on
        with progress() as told:
            report = prove(roots, progress=told, **asked)
    return deliver(report, format_, output, also, least)
