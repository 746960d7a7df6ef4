"""How a run ends: one line on standard error, and a status that says what happened."""

from __future__ import annotations

import errno
import os
import re
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import click

from dbspecialist.facts.errors import InputError

FINDINGS = 1
BAD_INPUT = 2
DEFECT = 3

#: What a machine refuses for reasons that its owner can mend.
REFUSALS = frozenset({errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM})
PASSWORD = re.compile(r"(://[^\s:/@]*):\S*@|(password=)\S+", re.IGNORECASE)


class Terminated(BaseException):
    """SIGTERM came. Unlike Ctrl-C, which a terminal sends to every program in front, it came to
    this one alone, so whoever waits for a program of its own has to end that."""


@dataclass(slots=True)
class Run:
    """What holds for the whole run, set by options of the group and of each command."""

    debug: bool = False


def ending_with_a_status(command: Callable[[], int], run: Run) -> int:
    """Call a command and turn the way it ends into an exit status.

    An interrupt (Ctrl-C, or SIGTERM as CI systems send it) unwinds the command, so that the
    servers it started are stopped by the blocks that own them.
    """
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        return command()
    except click.exceptions.Exit as end:
        return end.exit_code
    except (
        click.ClickException,
        click.Abort,
        InputError,
        KeyboardInterrupt,
        Terminated,
    ) as refused:
        return _bad_input(refused)
    except BrokenPipeError:
        abandon_standard_output()
        return 0
    except Exception as defect:  # noqa: BLE001 (the last place that can tell what happened)
        return _refusal_or_defect(defect, run)
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def interrupts_later() -> Iterator[None]:
    """Hold interrupts back until the block's end, for imports and for starting programs.

    One that comes in the middle of either can be lost in a callback of importlib's or logging's,
    which then leaves a lock taken: threads that need it wait for ever.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def abandon_standard_output() -> None:
    """Point standard output at nothing, since its reader has gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def without_passwords(text: str) -> str:
    """Return the text with the passwords of URLs and connection strings left out."""
    return PASSWORD.sub(lambda found: f"{found[1]}@" if found[1] else f"{found[2]}***", text)


def refuse_gone_folder() -> None:
    """Refuse to work in a folder that was removed, where no relative path means anything.

    Raises:
        InputError: Where the current folder is not there.
    """
    try:
        os.getcwd()  # noqa: PTH109 (as Path.cwd, without its import at every start)
    except FileNotFoundError as gone:
        raise InputError("the current folder is gone", "", "change to another one") from gone


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated


def _say(line: str, status: int = BAD_INPUT) -> int:
    one = " ".join(without_passwords(line).split())
    click.echo(f"dbs: {one}", err=True)
    return status


def _bad_input(error: BaseException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return BAD_INPUT
    if isinstance(error, click.ClickException):
        return _say(_usage(error))
    if isinstance(error, InputError):
        return _say(str(error))
    return _say("interrupted; nothing is left running")


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "dbs"
    what = error.format_message().rstrip(".")
    command = path.removeprefix("dbs").strip()
    return f"{command and command + ': '}{what}; see {path} --help"


def _refusal_or_defect(error: Exception, run: Run) -> int:
    if isinstance(error, OSError) and error.errno in REFUSALS and not run.debug:
        where = f"{error.filename}: " if error.filename else ""
        return _say(f"{where}{error.strerror}; make room or grant access, or choose another place")
    if _is_the_server_s(error) and not run.debug:
        words = str(error).strip().partition("\n")[0]
        return _say(f"the twin's server gives up: {words}; free memory and 256 MiB, or set TMPDIR")
    trace = without_passwords("".join(traceback.format_exception(error)))
    if run.debug:
        click.echo(trace, err=True, nl=False)
        place = "above"
    else:
        place = _keep(trace)
    said = f"{type(error).__name__}: {error}"
    return _say(f"a defect of dbspecialist: {said}; please report the traceback {place}", DEFECT)


def _is_the_server_s(error: Exception) -> bool:
    """Tell whether a twin's server lacks disk or memory (classes 53 and 58), or has gone."""
    psycopg = sys.modules.get("psycopg")
    if psycopg is None or not isinstance(error, psycopg.Error):
        return False
    state = getattr(error, "sqlstate", None)
    return state[:2] in {"53", "58"} if state else isinstance(error, psycopg.OperationalError)


def _keep(trace: str) -> str:
    """Put a traceback into a file and say where it is."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="dbs-traceback-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(trace)
    except OSError:
        return "that --debug prints"
    return f"in {file.name}"
