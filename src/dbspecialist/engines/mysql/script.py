"""Scripts: a file of SQL split into statements as the `mariadb` and `mysql` clients split it.

Source: MariaDB documentation, "mariadb Command-Line Client" (delimiter); MySQL manual, "mysql
Client Commands".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from dbspecialist.engines.mysql.tokens import SILENT, tokens
from dbspecialist.engines.postgresql.script import ScriptStatement
from dbspecialist.facts.errors import InputError

_DELIMITER = re.compile(r"delimiter[ \t]+(\S+)[^\n]*", re.IGNORECASE)
#: Commands of the client that change nothing in the database.
_IGNORED = re.compile(r"(?:\\[a-zA-Z.!][^\n]*|(?:prompt|tee|notee|pager|nopager)\b[^\n]*)", re.I)
#: Tokens in which a delimiter ends nothing.
_WHOLE = frozenset({"comment", "string", "name", "space"})
_REFUSED = re.compile(r"(source|system)\b[^\n]*", re.IGNORECASE)


def split_script(text: str, path: Path | None = None) -> tuple[ScriptStatement, ...]:
    """Split a script into its statements; `DELIMITER` is followed, quotes and comments are kept.

    Args:
        text: The script.
        path: Its file, named in errors.

    Raises:
        InputError: Where it asks the client to read another file or to run a program, or a
            string has no end.
    """
    reader = _Reader(text, path)
    reader.read()
    return tuple(reader.statements)


@dataclass
class _Reader:
    text: str
    path: Path | None
    statements: list[ScriptStatement] = field(default_factory=list)
    delimiter: str = ";"
    _start: int | None = None
    _end: int = 0

    def read(self) -> None:
        position = 0
        while position < len(self.text):
            position = self._read_on(position)
        self._finish()

    def _read_on(self, position: int) -> int:
        """Read until the lexer must start anew behind a place; return that place."""
        for token in tokens(self.text, position):
            if token.kind not in _WHOLE:
                # `$$` is a delimiter within a word as well.
                last = token.end + len(self.delimiter) - 1
                place = self.text.find(self.delimiter, token.start, last)
                if place >= 0:
                    if place > token.start:
                        self._start = token.start if self._start is None else self._start
                        self._end = place
                    self._finish()
                    return place + len(self.delimiter)
            if token.kind == "hint" and self._start is None and token.text != "*/":
                self._start = token.start  # a statement within /*! … */
            if token.kind == "hint" and self._start is not None:
                self._end = token.end
            if token.kind in SILENT:
                continue
            if self._start is None:
                command = self._command(token.start)
                if command is not None:
                    return command
                self._start = token.start
            if token.kind == "other" and token.text in "'\"`":
                raise InputError("a quote has no end", self._where(token.start), "close it")
            self._end = token.end
        return len(self.text)

    def _command(self, start: int) -> int | None:
        """Follow a command of the client; return where it ends, or nothing where it is SQL."""
        if found := _DELIMITER.match(self.text, start):
            self.delimiter = found[1]
            return found.end()
        if found := _IGNORED.match(self.text, start):
            return found.end()
        if found := _REFUSED.match(self.text, start):
            raise InputError(
                f"{found[1].lower()} is a command of the client",
                self._where(start),
                "write the statements themselves",
            )
        return None

    def _finish(self) -> None:
        start, self._start = self._start, None
        if start is not None and self._end > start:
            line = self.text.count("\n", 0, start) + 1
            self.statements.append(ScriptStatement(self.text[start : self._end], line))

    def _where(self, place: int) -> str:
        line = self.text.count("\n", 0, place) + 1
        return f"{self.path}:{line}" if self.path else f"line {line}"
