"""The forms of one statement in a revision: the call with a keyword more, or `op.execute`."""

from __future__ import annotations

import ast
import re

from dbspecialist.toolchains.alembic.calls import Call

#: The width to which code is wrapped; longer lines that are there already stay.
WIDTH = 88

_INDEX = re.compile(r"(create\s+(unique\s+)?|drop\s+)index\s+concurrently\b", re.IGNORECASE)
_NOT_VALID = re.compile(r"alter\s+table\b.*\badd\b.*\bnot\s+valid\s*$", re.IGNORECASE | re.DOTALL)

#: Operations that say a phase with one keyword more: what the phase looks like, and the keyword
#: ("PostgreSQL Index Options" and "PostgreSQL Constraint Options", SQLAlchemy's manual).
_KEYWORDS = {
    "create_index": (_INDEX, "postgresql_concurrently"),
    "drop_index": (_INDEX, "postgresql_concurrently"),
    "create_foreign_key": (_NOT_VALID, "postgresql_not_valid"),
    "create_check_constraint": (_NOT_VALID, "postgresql_not_valid"),
}
#: What `sqlalchemy.text` takes for a bound parameter.
_BIND = re.compile(r"(?<![:\w\\]):(?=\w+(?!:))")


def with_keyword(call: Call, sent: str, sql: str, indent: str) -> list[str] | None:
    """Return the lines of a call with the keyword that makes it send another statement.

    Args:
        call: The call as it is.
        sent: What it sends.
        sql: What it is to send.
        indent: The indentation that it gets.
    """
    pattern, keyword = _KEYWORDS.get(call.function, (None, ""))
    if pattern is None or not pattern.match(sql.strip()) or not _takes(call, keyword):
        return None
    if pattern is _INDEX and _plain(sql) != _plain(sent):
        return None
    added = f"{keyword}=True"
    lines = call.source.splitlines()
    if len(lines) == 1:
        return _one_line(call, added, indent)
    return _several_lines(lines, added, indent, len(indent) - len(call.indent))


def _takes(call: Call, keyword: str) -> bool:
    """Tell whether a keyword can be added: it is not there, and no text would be indented."""
    there = any(item.arg in {keyword, None} for item in call.node.keywords)
    return not there and not any(_spans_lines(item) for item in ast.walk(call.node))


def _several_lines(lines: list[str], added: str, indent: str, more: int) -> list[str] | None:
    body = [lines[0], *(" " * more + line if line else line for line in lines[1:])]
    last = body[-2].rstrip()
    if body[-1].strip() != ")" or "#" in last:
        return None
    step = last[: len(last) - len(last.lstrip())]
    if last.endswith(","):
        body.insert(-1, f"{step}{added},")
    elif len(f"{last}, {added}") <= WIDTH:
        body[-2] = f"{last}, {added}"
    else:
        body[-2:-1] = [f"{last},", f"{step}{added},"]
    return [indent + body[0], *body[1:]]


def _plain(sql: str) -> str:
    """Return a statement on an index without CONCURRENTLY, to be compared."""
    return re.sub(r"\s+concurrently\b", "", " ".join(sql.split()), count=1, flags=re.IGNORECASE)


def _one_line(call: Call, added: str, indent: str) -> list[str]:
    whole = f"{indent}{call.source[:-1]}, {added})"
    if len(whole) <= WIDTH:
        return [whole]
    head = f"{indent}{call.op}.{call.function}("
    given: list[ast.expr | ast.keyword] = [*call.node.args, *call.node.keywords]
    parts = [*(_text(call, item) for item in given), added]
    inner = indent + call.unit
    joined = inner + ", ".join(parts)
    if len(joined) <= WIDTH:
        return [head, joined, f"{indent})"]
    return [head, *(f"{inner}{part}," for part in parts), f"{indent})"]


def _text(call: Call, node: ast.expr | ast.keyword) -> str:
    """Return the source of an argument of a call that stands on one line."""
    line = call.source.encode()
    start = node.col_offset - call.node.col_offset
    end = (node.end_col_offset or 0) - call.node.col_offset
    return line[start:end].decode()


def _spans_lines(node: ast.AST) -> bool:
    """Tell whether a node is a text over several lines, which indenting would change."""
    is_text = isinstance(node, (ast.Constant, ast.JoinedStr))
    return is_text and node.lineno != node.end_lineno  # type: ignore[attr-defined]


def execute(call: Call, sql: str, indent: str) -> list[str]:
    """Return the lines of `op.execute` with a statement in a file that has other calls."""
    return execute_lines(sql, indent, call.op, call.unit)


def execute_lines(sql: str, indent: str, op: str = "op", unit: str = "    ") -> list[str]:
    """Return the lines of `op.execute` with a statement.

    Args:
        sql: The statement.
        indent: The indentation that it gets.
        op: The name under which the file knows `alembic.op`.
        unit: One step of indentation.
    """
    text = bound(sql.strip())
    whole = f"{indent}{op}.execute({_literal(text)})"
    if len(whole) <= WIDTH and "\n" not in text:
        return [whole]
    inner = indent + unit
    pieces = _wrapped(text, WIDTH - len(inner) - 2)
    return [
        f"{indent}{op}.execute(",
        *(inner + _literal(piece) for piece in pieces),
        f"{indent})",
    ]


def bound(sql: str) -> str:
    """Return a statement in which SQLAlchemy's `text` takes no colon for a parameter."""
    return _BIND.sub(r"\\:", sql)


def _literal(text: str) -> str:
    """Return a text as a Python literal, in double quotes unless it holds them."""
    quote = "'" if '"' in text and "'" not in text else '"'
    escaped = text.replace("\\", "\\\\").replace(quote, "\\" + quote)
    escaped = escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return f"{quote}{escaped}{quote}"


def _wrapped(text: str, width: int) -> list[str]:
    """Cut a text before spaces and behind line ends; the pieces together are the text."""
    pieces: list[str] = []
    for line in text.splitlines(keepends=True):
        rest = line
        while len(rest) > width:
            cut = rest.rfind(" ", 1, width)
            if cut <= 0 or not rest[:cut].strip():
                break
            pieces.append(rest[:cut])
            rest = rest[cut:]
        pieces.append(rest)
    return pieces
