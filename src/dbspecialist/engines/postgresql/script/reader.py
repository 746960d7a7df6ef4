"""Reading a script: tokens to statements, in the order in which psql sends them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from dbspecialist.engines.postgresql.script.conditions import Conditions
from dbspecialist.engines.postgresql.script.variables import Variables
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
    """A script's statements, and what of it was passed over, one sentence each.

    `asks` says that what it sends depends on what its statements answer.
    """

    statements: tuple[ScriptStatement, ...]
    notes: tuple[str, ...] = ()
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """What a statement answers: the names of its columns, and its rows as text."""

    names: tuple[str, ...] = ()
    values: tuple[tuple[str | None, ...], ...] = ()
    count: int = 0


#: Sends a statement and returns what it answers.
Send = Callable[[ScriptStatement], Rows]


class NotOneRowError(InputError):
    """A `\\gset` that gets no row or several."""


@dataclass
class _Begun:
    """The statement so far."""

    parts: list[str] = field(default_factory=list)
    line: int = 0
    parentheses: int = 0
    bodies: int = 0
    head: str = ""


class Reader:
    """The state of psql while it reads: the statement so far, variables and conditions.

    Args:
        main: The script's file.
        variables: psql variables.
        send: Sends each statement as soon as it is read; nothing to list them.
        foresees: Whether conditions that only the run decides are passed over.
    """

    def __init__(
        self,
        main: Path | None,
        variables: Mapping[str, str],
        send: Send | None = None,
        *,
        foresees: bool = False,
    ) -> None:
        self.main, self.send, self.foresees = main, send, foresees
        self.variables = Variables(dict(variables), running=send is not None)
        self.conditions = Conditions()
        self.statements: list[ScriptStatement] = []
        self.notes: list[str] = []
        self.stopped = False
        self._begun = _Begun()
        self._before: ScriptStatement | None = None
        self._files = 0

    @property
    def script(self) -> Script:
        """What was read."""
        return Script(tuple(self.statements), tuple(self.notes), self.variables.asked)

    def read_whole(self, text: str) -> None:
        """Read the script to its end."""
        self._read(text, self.main)

    def include(self, text: str, path: Path) -> None:
        """Read a file that another one names; what is begun there goes on behind it."""
        if self._files > _DEEPEST:
            raise InputError(
                f"files include one another more than {_DEEPEST} deep", str(path), "remove the loop"
            )
        begun, conditions = self._begun, self.conditions
        self._begun, self.conditions = _Begun(), Conditions()
        self._read(text, path)
        self._begun, self.conditions = begun, conditions
        self.stopped = False  # \q ends the file that it stands in

    def _read(self, text: str, path: Path | None) -> None:
        """Read a file to its end, where the last statement needs no semicolon."""
        self._files += 1
        position = 0
        while position < len(text) and not self.stopped:
            position = self._read_on(text, position, path)
        if not self.stopped:
            self.conditions.close()
        self._files -= 1
        if self._begun.bodies or self._begun.parentheses > 0:
            what = "BEGIN ATOMIC" if self._begun.bodies else "a parenthesis"
            where = f"{path}:{self._begun.line}" if path else f"line {self._begun.line}"
            raise InputError(f"{what} in the statement has no end", where, "close it")
        self.deliver(self.taken(path))

    def _read_on(self, text: str, position: int, path: Path | None) -> int:
        """Read until the lexer must start anew behind a place; return that place."""
        where, line, counted = str(path or ""), line_at(text, position), position
        for token in tokens(text, where, position):
            kind = token.kind
            if kind == "backslash":
                return self._command(text, token, path)
            if not self.conditions.reads:
                continue
            if kind in _SILENT:
                if self._begun.parts:
                    self._begun.parts.append(text[token.start : token.end])
                continue
            if not self._begun.parts:  # the line is needed only where a statement begins
                line += text.count("\n", counted, token.start)
                counted = token.start
            if kind == "semicolon" and not self._begun.parentheses and not self._begun.bodies:
                statement = self.taken(path)
                if statement is not None and _COPY_IN.match(statement.sql):
                    return self.copied(statement, text, token.end, where)
                self.deliver(statement)
                continue
            self._take(kind, text[token.start : token.end], line)
        return len(text)

    def _take(self, kind: str, piece: str, line: int) -> None:
        """Add one token to the statement."""
        if kind == "open":
            self._begun.parentheses += 1
        elif kind == "close":
            self._begun.parentheses = max(0, self._begun.parentheses - 1)
        elif kind == "word":
            self._word(piece.lower())
        elif kind in {"variable", "test"}:
            piece = self.variables.interpolated(kind, piece)
        if not self._begun.parts:
            self._begun.line = line
        self._begun.parts.append(piece)

    def _word(self, word: str) -> None:
        """Follow BEGIN, CASE and END in the body of a routine, as psql's scanner does."""
        if word in _ROUTINE_WORDS and len(self._begun.head) < 40:
            self._begun.head += word + " "
        if self._begun.parentheses or not _ROUTINE.match(self._begun.head):
            return
        if word == "begin" or (word == "case" and self._begun.bodies):
            self._begun.bodies += 1
        elif word == "end" and self._begun.bodies:
            self._begun.bodies -= 1

    def taken(self, path: Path | None) -> ScriptStatement | None:
        """Close the statement so far and return it; nothing where there is none."""
        sql, line = "".join(self._begun.parts).rstrip(), self._begun.line
        self.reset()
        if not sql:
            return None
        self._before = ScriptStatement(sql, line, path=path if path != self.main else None)
        return self._before

    def taken_or_last(self, path: Path | None) -> ScriptStatement | None:
        """Close the statement so far, or where there is none, return the one before it."""
        return self.taken(path) or self._before

    def deliver(self, statement: ScriptStatement | None) -> Rows:
        """List a statement, or send it and return what it answers."""
        if statement is None:
            return Rows()
        if self.send is None:
            self.statements.append(statement)
            return Rows()
        rows = self.send(statement)
        self.variables.update(
            {"ERROR": "false", "SQLSTATE": "00000", "ROW_COUNT": str(rows.count)},
        )
        return rows

    def reset(self) -> None:
        """Forget the statement so far."""
        self._begun = _Begun()

    def copied(self, statement: ScriptStatement, text: str, position: int, where: str) -> int:
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
        self.deliver(replace(statement, data=text[start:end]))
        return stop.end() if stop else len(text)

    def _command(self, text: str, token: Token, path: Path | None) -> int:
        """Run a backslash command; return where it ends."""
        from dbspecialist.engines.postgresql.script.commands import run_command

        return run_command(self, text, token.end, path)

    def append(self, piece: str, line: int) -> None:
        """Add a token that ends no statement (psql's `\\;`)."""
        self._begun.line = self._begun.line if self._begun.parts else line
        self._begun.parts.append(piece)
