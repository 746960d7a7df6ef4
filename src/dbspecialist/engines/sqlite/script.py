"""Scripts: a file of SQL split into statements by SQLite's own `sqlite3_complete`."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from dbspecialist.engines.postgresql.script import ScriptStatement
from dbspecialist.facts.errors import InputError

#: White space and comments, which may stand before a statement.
_SILENT = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?(?:\*/|$))*", re.DOTALL)
#: A command of the client `sqlite3` ("Command Line Shell For SQLite", "Special commands").
_COMMAND = re.compile(r"\.([a-z]+)[^\n]*")


def split_script(text: str, path: Path | None = None) -> tuple[ScriptStatement, ...]:
    """Split a script into its statements, without their closing semicolons.

    Args:
        text: The script.
        path: Its file, named in errors.

    Raises:
        InputError: Where it holds a command of the client `sqlite3`.
    """
    return tuple(_statements(text, path))


def _statements(text: str, path: Path | None) -> Iterator[ScriptStatement]:
    start = _begin(text, 0)
    while start < len(text):
        line = text.count("\n", 0, start) + 1
        command = _COMMAND.match(text, start)
        if command:
            where = f"{path}:{line}" if path else f"line {line}"
            raise InputError(
                f".{command[1]} is a command of the client", where, "write SQL statements alone"
            )
        end = _end(text, start)
        sql = text[start:end].rstrip().removesuffix(";").rstrip()
        if sql:
            yield ScriptStatement(sql, line)
        start = _begin(text, end)


def _begin(text: str, at: int) -> int:
    """Return where the next statement begins."""
    found = _SILENT.match(text, at)
    at = found.end() if found else at
    return _begin(text, at + 1) if text.startswith(";", at) else at


def _end(text: str, start: int) -> int:
    """Return the place behind the semicolon that ends a statement, or the text's end."""
    at = text.find(";", start)
    while at >= 0:
        if sqlite3.complete_statement(text[start : at + 1]):
            return at + 1
        at = text.find(";", at + 1)
    return len(text)


def tag_of(sql: str) -> str:
    """Return a statement's command: `CREATE TABLE`, `UPDATE`, `PRAGMA foreign_keys`."""
    silent = _SILENT.match(sql)
    rest = sql[silent.end() if silent else 0 :]
    words = re.findall(r"\w+", rest[:200])
    first = words[0].upper() if words else ""
    if first in {"CREATE", "DROP", "ALTER"}:
        skipped = {"TEMP", "TEMPORARY", "UNIQUE", "VIRTUAL"}
        return " ".join(
            [first, *[word.upper() for word in words[1:4] if word.upper() not in skipped][:1]]
        )
    if first == "PRAGMA" and words[1:]:
        name = words[2] if words[1].lower() == "main" and words[2:] else words[1]
        return f"PRAGMA {name.lower()}"
    return "COMMIT" if first == "END" else first
