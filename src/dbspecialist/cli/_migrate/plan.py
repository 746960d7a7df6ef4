"""Plan several requests together, ordered by what they need of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dbspecialist.cli._plans import carried_out, planning_options

if TYPE_CHECKING:
    from dbspecialist.facts.request import Request


@click.command("plan")
@click.argument("wanted", nargs=-1, required=True, metavar="FILE|REQUEST…")
def command(wanted: tuple[str, ...], **asked: Any) -> int:
    """Plan several requests together, ordered by what they need of each other.

    Each is a file with a request a line, or a request in quotes such as
    "add-column users email text", as dbs migrate new takes it.
    """
    return carried_out([item for text in wanted for item in _requests(text)], **asked)


for _decorate in planning_options():
    command = _decorate(command)


def _requests(text: str) -> tuple[Request, ...]:
    import shlex
    from pathlib import Path

    from dbspecialist.facts.errors import InputError
    from dbspecialist.tasks.requests import read_request, read_requests

    if " " not in text.strip():
        return read_requests(Path(text))
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise InputError(str(error).lower(), text, "close the quote") from error
    return (read_request(words),)
