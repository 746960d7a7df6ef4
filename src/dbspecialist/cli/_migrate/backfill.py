"""Carry a long data change out in batches, safely, and resume it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dbspecialist.cli._options import Duration, debug_option


@click.command("backfill")
@click.argument("statement", required=False, metavar="[STATEMENT]")
@click.option("--table", metavar="NAME", help="The table, where the statement is given in parts.")
@click.option("--set", "set_", metavar="SQL", help="What stands after SET.")
@click.option("--where", metavar="SQL", help="What stands after WHERE.")
@click.option(
    "--database",
    envvar="DBS_DATABASE_URL",
    metavar="URL",
    help="The target: read for a plan and a dry run, written to with a receipt.",
)
@click.option(
    "--snapshot",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="What the twin is made of.  [default: the database]",
)
@click.option(
    "--plan",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Try the statement on a twin and write the receipt.",
)
@click.option(
    "--receipt",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Carry the job of this receipt out, or resume it.",
)
@click.option("--role", metavar="NAME", help="The role that the session must have.")
@click.option("--superuser", is_flag=True, help="That role may be a superuser.")
@click.option(
    "--state-table",
    metavar="NAME",
    help="The table in the database that holds how far jobs have come, for a plan."
    "  [default: public.dbs_backfills]",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@click.option(
    "--as",
    "as_",
    type=click.Choice(["sql", "sqlalchemy"]),
    help="Write the job as a program that needs no dbs.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the program of --as to FILE instead of standard output.",
)
@click.option("--volatile", is_flag=True, help="Let assignments call volatile functions.")
@click.option(
    "--batch-rows",
    type=click.IntRange(1, 1_000_000),
    default=1000,
    show_default=True,
    metavar="N",
    help="Rows of the first batch.",
)
@click.option(
    "--largest-batch",
    type=click.IntRange(1, 1_000_000),
    default=50_000,
    show_default=True,
    metavar="N",
    help="The most rows of a batch.",
)
@click.option(
    "--batch-time",
    "target_ms",
    type=Duration(),
    default="500ms",
    show_default=True,
    metavar="TIME",
    help="How long a batch should take; its rows follow.",
)
@click.option(
    "--pause",
    "pause_ms",
    type=Duration(),
    metavar="TIME",
    help="How long to rest after a batch.  [default: a quarter of its time]",
)
@click.option(
    "--lock-timeout",
    "lock_timeout_ms",
    type=Duration(),
    default="200ms",
    show_default=True,
    metavar="TIME",
    help="How long a batch waits for a lock before it is tried again.",
)
@click.option(
    "--statement-timeout",
    "statement_timeout_ms",
    type=Duration(),
    default="30s",
    show_default=True,
    metavar="TIME",
    help="How long a statement may take before it is tried with fewer rows.",
)
@click.option(
    "--max-lag",
    "max_lag_ms",
    type=Duration(),
    default="10s",
    show_default=True,
    metavar="TIME",
    help="The replay lag of a standby above which the job waits.",
)
@click.option(
    "--patience",
    "patience_ms",
    type=Duration(),
    default="15min",
    show_default=True,
    metavar="TIME",
    help="How long the job waits for a lock, a standby or the server before it stops.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the report is written.",
)
@debug_option
def command(
    statement: str | None, output: Path | None, format_: str, as_: Any, **asked: Any
) -> int:
    """Carry an UPDATE of one table out in batches by primary key, each committed by itself.

    STATEMENT is plain SQL, such as "UPDATE users SET active = true WHERE active IS NULL", or is
    given as --table, --set and --where. First --plan tries it on a twin and writes a receipt; then
    --receipt carries it out. A run that was ended in any way is resumed by running it again.
    """
    from dataclasses import fields

    from dbspecialist.cli._backfill_progress import progress
    from dbspecialist.cli._output import write_file, write_standard_output
    from dbspecialist.facts.backfill import BackfillLimits
    from dbspecialist.facts.errors import InputError
    from dbspecialist.reports._backfill import render
    from dbspecialist.tasks.backfill import backfill

    if output is not None and as_ is None:
        raise InputError("--output is for the program of --as", str(output), "say --as too")
    limits = BackfillLimits(**{item.name: asked.pop(item.name) for item in fields(BackfillLimits)})
    with progress() as told:
        report = backfill(statement, as_=as_, limits=limits, progress=told, **asked)
    if output is not None:
        write_file(output, report.text)
    else:
        write_standard_output(render(report, format_))
    return 0
