"""Arguments of psql's backslash commands: quotes, variables, and where they end.

The manual page of psql, "Meta-Commands".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dbspecialist.engines.postgresql.script.variables import Variables
from dbspecialist.facts.errors import InputError

_PIECE = re.compile(
    r"""
      (?P<space>[ \t\r\f\v]+)
    | '(?P<quoted>(?:[^'\\\n]|\\[^\n]|'')*)(?P<quoted_end>'?)
    | (?P<program>`[^`\n]*`?)
    | (?P<name>"(?:[^"\n]|"")*"?)
    | (?P<variable>:(?:\w+|'\w+'|"\w+"))
    | (?P<test>:\{\?\w+\})
    | (?P<plain>[^\s\\'"`:]+|:)
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"''|\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)")
_CONTROL = {"n": "\n", "t": "\t", "b": "\b", "r": "\r", "f": "\f"}


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one command.

    Args:
        words: The arguments, their variables replaced.
        end: Where the text goes on behind them.
        open: Whether a value among them is known only when the script runs.
    """

    words: tuple[str, ...]
    end: int
    open: bool = False


def read_arguments(text: str, start: int, variables: Variables | None, place: str) -> Arguments:
    """Read the arguments that begin at a position, to the line's end or the next backslash.

    Args:
        text: The script.
        start: Behind the command's name.
        variables: What `:name` stands for; nothing in a branch that is not read.
        place: For the error.

    Raises:
        InputError: Where a quote has no end, or an argument is the output of a program.
    """
    words: list[str] = []
    inside = opened = False
    position = start
    while found := _PIECE.match(text, position):
        position, kind = found.end(), str(found.lastgroup)
        if kind == "space":
            inside = False
            continue
        piece, unknown = _value(found, kind, variables, place)
        opened = opened or unknown
        if inside:
            words[-1] += piece
        else:
            words.append(piece)
        inside = True
    if text.startswith("\\\\", position):  # it ends the command, and what follows is SQL
        position += 2
    return Arguments(tuple(words), position, opened)


def _value(
    found: re.Match[str], kind: str, variables: Variables | None, place: str
) -> tuple[str, bool]:
    """Return what a piece of an argument stands for, and whether only the run tells that."""
    if variables is None:
        return found[0], False
    if kind == "quoted_end":
        if not found["quoted_end"]:
            raise InputError("a quote ('…') begins here and has no end", place, "close it")
        return _ESCAPE.sub(_unescaped, found["quoted"]), False
    if kind == "program":
        raise InputError(
            "`…` is not run: it is the output of a program", place, "write its value instead"
        )
    if kind in {"variable", "test"}:
        value = variables.interpolated(kind, found[0])
        name = found[0].strip(":{?}'\"")
        return value, variables.is_open(name)
    return found[0], False


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    if code is None:
        return "'"
    if code[0] == "x" and len(code) > 1:
        return chr(int(code[1:], 16))
    if code[0] in "01234567":
        return chr(int(code, 8))
    return _CONTROL.get(code, code)
