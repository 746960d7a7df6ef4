"""The command line: one module a command, found by being there."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

#: Whether the process ends with the command that it runs.
ends_with_command = False


def program() -> NoReturn:
    """Run one command as a program: end the process with the exit status of `main`.

    What the command leaves in memory is the system's to take back. The interpreter would take it
    apart piece by piece, for 60 ms after 100 objects of a schema were read.
    """
    global ends_with_command  # noqa: PLW0603
    ends_with_command = True
    status: list[int] = []
    atexit.register(_leave, status)  # registered first, so called last
    status.append(main())
    sys.exit(status[0])


def _leave(status: list[int]) -> None:
    """End the process after all else that is to be done at its end."""
    if not status:  # it ends by an error that the interpreter tells of
        return
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # as the interpreter ends where they cannot be written
        os._exit(120)
    os._exit(status[0])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 0, 1 findings, 2 bad input, 3 a defect.

    Args:
        arguments: What follows the program's name; nothing for the process's own arguments.
    """
    from dbspecialist.cli._group import group
    from dbspecialist.cli._status import Run, ending_with_a_status, refuse_gone_folder

    # Catalogues stay until the end: looking them over for garbage again and again takes 7 %.
    gc.set_threshold(100_000, 50, 100)
    # Threads wait for servers most of the time, and then should not wait for each other.
    sys.setswitchinterval(0.0005)
    given = list(sys.argv[1:] if arguments is None else arguments)
    run = Run()

    def command() -> int:
        refuse_gone_folder()
        with group.make_context("dbs", given, obj=run) as context:
            return int(group.invoke(context) or 0)

    return ending_with_a_status(command, run)
