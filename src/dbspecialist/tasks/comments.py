"""Comments of source files: what stands in quotes is blanked, since it is no comment."""

from __future__ import annotations

import io
import itertools
import re
import tokenize
from dataclasses import dataclass, field

from dbspecialist.engines.postgresql.tokens import tokens
from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.javascript_lines import PARTS as _JAVASCRIPT
from dbspecialist.tasks.javascript_lines import javascript_begins

_SQL_COMMENTS = frozenset({"line_comment", "block_comment"})
_SILENT = _SQL_COMMENTS | {"space"}
_STRING = re.compile(r"""(?s)\w*(?P<quote>\"{3}|'{3}|["'`])(?P<body>.*)(?P=quote)""")
_MARKS = re.compile(r"-(?=-)|#|/(?=/)")


@dataclass(frozen=True, slots=True)
class Commented:
    """A file's text in which comments alone look like comments.

    Args:
        text: The text, line by line where it was.
        begins: The first line of the statement that stands on a line, from 1, where that is
            another line.
    """

    text: str
    begins: dict[int, int] = field(default_factory=dict)


def commented(text: str, suffix: str) -> Commented:
    """Blank what stands in quotes, and tell where statements begin; by the file's suffix.

    A file that does not end what it begins is taken as it is: it is refused elsewhere.
    """
    reader = {".sql": _sql, ".py": _python}.get(suffix.lower(), _javascript)
    try:
        return reader(text)
    except (InputError, tokenize.TokenError, SyntaxError):
        return Commented(text)


def _sql(text: str) -> Commented:
    kept = list(_blanked(text))
    begins: dict[int, int] = {}
    line, first = 1, 0
    for item in tokens(text, ""):
        written = text[item.start : item.end]
        if item.kind in _SQL_COMMENTS:
            kept[item.start : item.end] = written
        if item.kind not in _SILENT:
            first = first or line
            last = line + written.count("\n")
            begins.update(dict.fromkeys(range(max(first, line), last + 1), first))
        line += written.count("\n")
        if item.kind == "semicolon":
            first = 0
    return Commented("".join(kept), begins)


def _python(text: str) -> Commented:
    """Keep `#` comments, and comments of SQL in strings."""
    lines = text.splitlines(keepends=True)
    offsets = [0, *itertools.accumulate(map(len, lines))]
    kept = list(_blanked(text))
    begins: dict[int, int] = {}
    first = 0
    for item in tokenize.generate_tokens(io.StringIO(text).readline):
        row = item.start[0]
        start = offsets[row - 1] + item.start[1]
        end = offsets[item.end[0] - 1] + item.end[1] if item.end[0] <= len(lines) else len(text)
        if item.type == tokenize.COMMENT:
            kept[start:end] = text[start:end]
        elif item.type == tokenize.STRING or tokenize.tok_name[item.type] == "FSTRING_MIDDLE":
            kept[start:end] = _with_sql(text[start:end])
        if item.type == tokenize.NEWLINE:
            begins.update(dict.fromkeys(range(first, row + 1), first))
            first = 0
        elif item.type not in {tokenize.NL, tokenize.INDENT, tokenize.DEDENT}:
            first = first or row
    return Commented("".join(kept), begins)


def _javascript(text: str) -> Commented:
    return Commented(
        _JAVASCRIPT.sub(lambda found: _with_sql(found[0]) if found["text"] else found[0], text),
        javascript_begins(text),
    )


def _with_sql(literal: str) -> str:
    """Keep the comments of SQL in a string; text that is not SQL has none."""
    found = _STRING.fullmatch(literal)
    body = found["body"] if found else literal
    try:
        kept = _sql(body).text
    except InputError:
        kept = _blanked(body)
    return literal.replace(body, kept) if body else literal


def _blanked(text: str) -> str:
    return _MARKS.sub(" ", text)
