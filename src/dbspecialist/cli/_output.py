"""Where reports go: the terminal, a pipe, or a file written in one step."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from dbspecialist.cli._status import FINDINGS, abandon_standard_output
from dbspecialist.engines.files import write_whole
from dbspecialist.facts.errors import InputError

if TYPE_CHECKING:
    from rich.status import Status

    from dbspecialist.facts.report import Report

WIDEST = 100
NARROWEST = 60


class Progress(Protocol):
    """Told what is being done, and how many steps of how many are behind."""

    def __call__(self, doing: str, done: int = 0, total: int | None = None) -> None:
        """Take note of one step."""


def deliver(
    report: Report,
    format_: str,
    output: Path | None,
    also: Sequence[tuple[str, Path]] = (),
    fail_on: str = "error",
) -> int:
    """Write the report where it was asked for, and return the exit status it stands for."""
    for other, path in also:
        write_file(path, rendered(report, other))
    if output is not None:
        write_file(output, rendered(report, format_))
    else:
        colour = wants_colour()
        write_standard_output(rendered(report, format_, columns(), colour), colour)
    return status(report, fail_on)


def status(report: Report, fail_on: str) -> int:
    """Return 1 where a finding is at or above the severity, else 0."""
    for severity in ("error", "warning", "info"):
        if severity == fail_on:
            return FINDINGS if report.at_least(severity) else 0
    return 0


def rendered(report: Report, format_: str, width: int = WIDEST, colour: bool = False) -> str:
    """Write the report in one format; width and colour hold for text only."""
    if format_ == "text":
        from dbspecialist.reports.text import render as text

        return text(report, width=width, colour=colour)
    from dbspecialist.reports import render

    return render(report, format_)


def write_standard_output(text: str, colour: bool = False) -> None:
    """Write text, and stay quiet where the reader has gone (`dbs … | head`)."""
    try:
        click.echo(text, nl=not text.endswith("\n"), color=colour)
        sys.stdout.flush()
    except BrokenPipeError:
        abandon_standard_output()


def write_file(path: Path, text: str) -> None:
    """Write a file in one step: whoever reads it sees the old text or the new one.

    Raises:
        InputError: Where the file cannot be written; nothing is left behind then.
    """
    mask = os.umask(0)
    os.umask(mask)
    content = (text if text.endswith("\n") else text + "\n").encode()
    try:
        write_whole(path, content, 0o666 & ~mask)
    except OSError as refused:
        what = f"cannot be written ({refused.strerror})"
        raise InputError(what, str(path), "choose another file") from refused


def wants_colour() -> bool:
    """Say whether standard output takes colour: a terminal, or as NO_COLOR and FORCE_COLOR say."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def columns() -> int:
    """Return the width to write in: the terminal's, at most 100; 100 where there is none."""
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns))


@contextmanager
def progress() -> Iterator[Progress]:
    """Show on standard error what is being done, and take it away at the end.

    Nothing is written where standard error is not a terminal.
    """
    if not sys.stderr.isatty():
        yield _silent
        return
    with ExitStack() as shown:
        line: list[Status] = []

        def show(doing: str, done: int = 0, total: int | None = None) -> None:
            from rich.console import Console
            from rich.markup import escape

            if not line:  # not before: a line has a thread, and a process with two is not copied
                line.append(shown.enter_context(Console(stderr=True).status("")))
            counted = f"{done + 1} of {total}  " if total else ""
            line[0].update(f"{counted}{escape(doing)}")

        yield show


def _silent(doing: str, done: int = 0, total: int | None = None) -> None:
    """Take note of nothing."""
