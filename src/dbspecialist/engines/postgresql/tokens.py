"""Tokens of psql input: just enough of the lexer to know where a statement ends.

Follows "Lexical Structure" of the PostgreSQL manual and psql's own scanner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dbspecialist.engines.postgresql.script_encoding import declared_text
from dbspecialist.facts.errors import InputError

#: Letters and whatever is not ASCII; the same with digits; the same with a dollar sign. They are
#: told by the ASCII that they leave out: of a range up to \U0010ffff `re` makes a map of 65,536
#: entries, which takes 14 ms at the start.
_LETTER = r"[^\x00-@\[-^`{-\x7f]"
_WORD = r"[^\x00-/:-@\[-^`{-\x7f]"
_REST = r"[^\x00-#%-/:-@\[-^`{-\x7f]"
#: ASCII that begins nothing else: no space, quote, parenthesis, dollar sign, colon, semicolon,
#: backslash, dash, slash or part of a word.
_OTHER = r"[\x00-\x08\x0e-\x1b!\#%&*+,.<=>?@\[\]^`{|}~\x7f]"

#: One token, tried in this order. Possessive runs keep a long script linear.
_TOKEN = re.compile(
    rf"""
      (?P<space>\s++)
    | (?P<line_comment>--[^\n\r]*+)
    | (?P<block_comment>/\*)
    | (?P<escape>[eE]'(?:[^'\\]|\\.|'')*+(?P<escape_end>'?+))
    | (?P<quoted>(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*+(?P<quoted_end>'?+))
    | (?P<name>(?:[uU]&)?"(?:[^"]|"")*+(?P<name_end>"?+))
    | (?P<word>{_LETTER}{_REST}*+)
    | (?P<dollar>\$(?:{_LETTER}{_WORD}*+)?\$)
    | (?P<semicolon>;)
    | (?P<open>\()
    | (?P<close>\))
    | (?P<cast>::|:=)
    | (?P<variable>:(?:{_WORD}++|'{_WORD}++'|"{_WORD}++"))
    | (?P<test>:\{{\?{_WORD}++\}})
    | (?P<backslash>\\)
    | (?P<other>\d[\w.$]*+|{_OTHER}++|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_CLOSED = {"escape": "escape_end", "quoted": "quoted_end", "name": "name_end"}
_OPENED = {"escape": "a quote (E'…')", "quoted": "a quote ('…')", "name": 'a name ("…")'}


class Token(NamedTuple):
    """A token's kind and its place in the text."""

    kind: str
    start: int
    end: int


def script_text(path: Path) -> str:
    """Read a script's file as UTF-8, or in the encoding that it declares.

    Raises:
        InputError: When it cannot be read or is not text.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        declared = declared_text(path.read_bytes())
        if declared is None:
            raise InputError(
                f"byte {error.start} is not UTF-8", str(path), "save the file as UTF-8"
            ) from error
        text = declared
    except OSError as error:
        raise InputError(str(error.strerror), str(path), "check the path and its rights") from error
    if "\0" in text:
        raise InputError("the file holds a zero byte", str(path), "give a file of text")
    return text


def line_at(text: str, position: int) -> int:
    """The line of a position, from 1."""
    return text.count("\n", 0, position) + 1


def tokens(text: str, where: str, start: int = 0) -> Iterator[Token]:
    """Yield the tokens of psql input from a position on.

    Raises:
        InputError: When a quote, dollar quote or comment has no end.
    """
    match, position, length = _TOKEN.match, start, len(text)
    while position < length:
        found = match(text, position)
        assert found is not None and found.lastgroup is not None
        kind, end = found.lastgroup, found.end()
        if kind == "block_comment":
            end = _comment_end(text, position, where)
        elif kind == "dollar":
            end = _dollar_end(text, found, where)
        elif kind in _CLOSED and not found[_CLOSED[kind]]:
            raise _unclosed(_OPENED[kind], text, position, where)
        yield Token(kind, position, end)
        position = end


def _comment_end(text: str, start: int, where: str) -> int:
    """Find the end of a block comment; they nest."""
    depth, position = 1, start + 2
    while depth:
        edge = _COMMENT_EDGE.search(text, position)
        if edge is None:
            raise _unclosed("a comment (/* … */)", text, start, where)
        depth += 1 if edge[0] == "/*" else -1
        position = edge.end()
    return position


def _dollar_end(text: str, found: re.Match[str], where: str) -> int:
    end = text.find(found[0], found.end())
    if end < 0:
        raise _unclosed(f"a dollar quote ({found[0]})", text, found.start(), where)
    return end + len(found[0])


def _unclosed(what: str, text: str, position: int, where: str) -> InputError:
    place = f"{where}:{line_at(text, position)}" if where else f"line {line_at(text, position)}"
    return InputError(f"{what} begins here and has no end", place, "close it")
