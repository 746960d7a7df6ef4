"""The progress of a backfill on standard error: a bar with rate and time left."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbspecialist.facts.backfill import BackfillStep

Told = Callable[["str | BackfillStep"], None]


@contextmanager
def progress() -> Iterator[Told]:
    """Show what is being done and how far it is, and take it away at the end.

    Nothing is written where standard error is not a terminal.
    """
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None, rate="")

        def show(step: str | BackfillStep) -> None:
            if isinstance(step, str):
                bar.update(task, description=escape(step))
                return
            state = step.state
            total = max(state.estimate, state.keys)
            bar.update(
                task,
                description=escape(step.waiting or described(step)),
                total=total or None,
                completed=state.keys,
                rate=f"{bar.tasks[0].speed or 0:,.0f} rows/s",
            )

        yield show


def described(step: BackfillStep) -> str:
    """Say what the job does, as the bar's title."""
    if step.state.passes > 1:
        return f"looking for rows left, pass {step.state.passes}"
    return f"batch {step.state.batches:,} of {step.batch_rows:,} rows"


def _silent(step: str | BackfillStep) -> None:
    """Take note of nothing."""
