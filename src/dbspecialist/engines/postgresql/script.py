"""Scripts: a file of SQL split into statements as psql splits it.

What psql does is in its manual page ("Meta-Commands", "SQL Interpolation") and, for
`BEGIN ATOMIC` bodies, in "CREATE FUNCTION".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dbspecialist.engines.postgresql.tokens import Token, line_at, tokens
from dbspecialist.facts.errors import InputError

#: Words by which psql knows a routine, whose body may hold semicolons.
_ROUTINE_WORDS = frozenset({"create", "or", "replace", "function", "procedure"})
_ROUTINE = re.compile(r"create (or replace )?(function|procedure)\b")
_COPY_IN = re.compile(r"copy\b.*\bfrom\s+stdin\b", re.IGNORECASE | re.DOTALL)
_SILENT = frozenset({"space", "line_comment", "block_comment"})
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class ScriptStatement:
    """One statement of a script.

    Args:
        sql: Its text from the first token on, without the closing semicolon.
        line: The line of its first token, from 1.
        data: The lines that follow `COPY … FROM stdin`, or nothing.
        path: The file included by `\\i` that it stands in, or nothing.
    """

    sql: str
    line: int
    data: str | None = None
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """A script's statements, and what of it was passed over, one sentence each."""

    statements: tuple[ScriptStatement, ...]
    notes: tuple[str, ...] = ()


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
        InputError: As `split_script`.
    """
    reader = Reader(variables=dict(variables or {}), main=path)
    reader.read(text, path)
    reader.end(path)
    return Script(tuple(reader.statements), tuple(reader.notes))


@dataclass
class Reader:
    """The state of psql while it reads: the statement so far, and the variables."""

    variables: dict[str, str]
    main: Path | None
    statements: list[ScriptStatement] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stopped: bool = False
    _parts: list[str] = field(default_factory=list)
    _line: int = 0
    _parentheses: int = 0
    _bodies: int = 0
    _head: str = ""
    _files: int = 0

    def read(self, text: str, path: Path | None) -> None:
        """Read a text to its end; `path` is its file."""
        if self._files > _DEEPEST:
            raise InputError(
                f"files include one another more than {_DEEPEST} deep", str(path), "remove the loop"
            )
        self._files += 1
        position = 0
        while position < len(text) and not self.stopped:
            position = self._read_on(text, position, path)
        self._files -= 1

    def end(self, path: Path | None) -> None:
        """Close the last statement, which needs no semicolon."""
        if self._bodies or self._parentheses > 0:
            what = "BEGIN ATOMIC" if self._bodies else "a parenthesis"
            where = f"{path}:{self._line}" if path else f"line {self._line}"
            raise InputError(f"{what} in the statement has no end", where, "close it")
        self.finish(path)

    def _read_on(self, text: str, position: int, path: Path | None) -> int:
        """Read until the lexer must start anew behind a place; return that place."""
        where, line, counted = str(path or ""), line_at(text, position), position
        for token in tokens(text, where, position):
            kind = token.kind
            if kind in _SILENT:
                if self._parts:
                    self._parts.append(text[token.start : token.end])
                continue
            if not self._parts:  # the line is needed only where a statement begins
                line += text.count("\n", counted, token.start)
                counted = token.start
            if kind == "semicolon" and not self._parentheses and not self._bodies:
                if self.finish(path, copies=True):
                    return self._copy_data(text, token.end, where)
                continue
            if kind == "backslash":
                return self._command(text, token, path)
            self._take(kind, text[token.start : token.end], line)
        return len(text)

    def _take(self, kind: str, piece: str, line: int) -> None:
        """Add one token to the statement."""
        if kind == "open":
            self._parentheses += 1
        elif kind == "close":
            self._parentheses = max(0, self._parentheses - 1)
        elif kind == "word":
            self._word(piece.lower())
        elif kind in {"variable", "test"}:
            piece = self._interpolated(kind, piece)
        if not self._parts:
            self._line = line
        self._parts.append(piece)

    def _word(self, word: str) -> None:
        """Follow BEGIN, CASE and END in the body of a routine, as psql's scanner does."""
        if word in _ROUTINE_WORDS and len(self._head) < 40:
            self._head += word + " "
        if self._parentheses or not _ROUTINE.match(self._head):
            return
        if word == "begin" or (word == "case" and self._bodies):
            self._bodies += 1
        elif word == "end" and self._bodies:
            self._bodies -= 1

    def _interpolated(self, kind: str, piece: str) -> str:
        """A psql variable's value; an unset one stays as it is written."""
        if kind == "test":
            return "TRUE" if piece[3:-1] in self.variables else "FALSE"
        name, mark = piece[1:].strip("'\""), piece[1]
        value = self.variables.get(name)
        if value is None:
            return piece
        if mark == '"':
            return '"' + value.replace('"', '""') + '"'
        if mark != "'":
            return value
        quoted = "'" + value.replace("'", "''") + "'"
        return " E" + quoted.replace("\\", "\\\\") if "\\" in value else quoted

    def finish(self, path: Path | None, *, copies: bool = False) -> bool:
        """Close the statement; tell whether lines of data for it follow."""
        sql = "".join(self._parts).rstrip()
        self.reset()
        if not sql:
            return False
        included = path if path != self.main else None
        self.statements.append(ScriptStatement(sql, self._line, path=included))
        return copies and _COPY_IN.match(sql) is not None

    def reset(self) -> None:
        """Forget the statement so far."""
        self._parts, self._head, self._parentheses, self._bodies = [], "", 0, 0

    def _copy_data(self, text: str, position: int, where: str) -> int:
        """Take the data lines of a COPY, which end with a line of `\\.` alone or the file."""
        start = text.find("\n", position) + 1 or len(text)
        rest = text[position:start].strip()
        if rest and not rest.startswith("--"):
            place = f"{where}:{line_at(text, position)}"
            raise InputError(
                "text follows COPY … FROM stdin", place, "begin the data on a new line"
            )
        stop = re.compile(r"^\\\.\r?$\n?", re.MULTILINE).search(text, start)
        end = stop.start() if stop else len(text)
        last = self.statements.pop()
        self.statements.append(ScriptStatement(last.sql, last.line, text[start:end], last.path))
        return stop.end() if stop else len(text)

    def _command(self, text: str, token: Token, path: Path | None) -> int:
        """Run a backslash command; return where it ends."""
        from dbspecialist.engines.postgresql.script_commands import run_command

        return run_command(self, text, token.end, path)

    def append(self, piece: str, line: int) -> None:
        """Add a token that ends no statement (psql's `\\;`)."""
        self._line = self._line if self._parts else line
        self._parts.append(piece)
