"""Scripts: a file of SQL split into statements as psql splits it.

What psql does is in its manual page ("Meta-Commands", "SQL Interpolation") and, for
`BEGIN ATOMIC` bodies, in "CREATE FUNCTION".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dbspecialist.engines.postgresql.script.reader import (
    NotOneRowError,
    Reader,
    Rows,
    Script,
    ScriptStatement,
    Send,
)

__all__ = [
    "NotOneRowError",
    "Rows",
    "Script",
    "ScriptStatement",
    "Send",
    "foresee_script",
    "read_script",
    "run_script",
    "split_script",
]


def split_script(text: str, path: Path | None = None) -> tuple[ScriptStatement, ...]:
    """Split a script into its statements as psql does.

    Args:
        text: The script.
        path: Its file: named in errors, and the place that `\\i` and `\\ir` start from.

    Raises:
        InputError: Where it does not end what it begins, or asks psql for what is not run here.
    """
    return read_script(text, path).statements


def read_script(
    text: str, path: Path | None = None, variables: Mapping[str, str] | None = None
) -> Script:
    """Read a script: its statements, and notes on what was passed over.

    Args:
        text: The script.
        path: Its file, see `split_script`.
        variables: psql variables, as `psql -v name=value` sets them.

    Raises:
        InputError: As `split_script`, and where what it sends depends on what it is answered.
    """
    reader = Reader(path, variables or {})
    reader.read_whole(text)
    return reader.script


def foresee_script(text: str, path: Path | None = None) -> Script:
    """Read a script as far as it can be read before it runs.

    Where a condition depends on what a statement answers, no branch of it is read; the script
    `asks` then, and `run_script` tells what it sends.

    Raises:
        InputError: As `split_script`.
    """
    reader = Reader(path, {}, foresees=True)
    reader.read_whole(text)
    return reader.script


def run_script(text: str, path: Path, variables: Mapping[str, str], send: Send) -> None:
    """Read a script and send each statement as soon as it is read, as psql does.

    Args:
        text: The script.
        path: Its file.
        variables: What psql knows of the connection.
        send: Sends a statement and returns what it answers.

    Raises:
        NotOneRowError: Where `\\gset` gets no row or several.
        InputError: As `split_script`.
    """
    Reader(path, variables, send=send).read_whole(text)
