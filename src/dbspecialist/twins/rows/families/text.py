"""Text: words of production's width; where nothing is known also empty, longest and non-ASCII."""

from __future__ import annotations

from dbspecialist.twins.rows.families.request import Request

TYPES = frozenset({"text", "varchar", "bpchar", "name", "citext", "char"})

WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "jetty")
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
#: A text without a declared limit is tried at this length.
LONG = 300
NON_ASCII = "Ünïcödé 漢字 🙂"


def value(request: Request) -> str:
    """Make a text that fits the type's limit; other rows get other texts."""
    limit = _limit(request)
    if request.careful and request.row in (1, 2, 3):
        return _edge(request.row, limit)
    return fit(request.row, limit, request.width, request.position)


def fit(row: int, limit: int | None, width: float | None, position: int = 0) -> str:
    """Make a text of about `width` bytes and at most `limit` characters, told apart by row."""
    suffix = _number(row)
    length = max(1, round(width)) - 1 if width is not None else 8
    length = min(length, limit) if limit is not None else length
    word = WORDS[(row + position) % len(WORDS)] + " "
    head = word * (length // len(word) + 1)
    return (head[: max(0, length - len(suffix))] + suffix)[-limit if limit else 0 :]


def _edge(row: int, limit: int | None) -> str:
    if row == 1:
        return ""
    if row == 2:
        return ("long text " * LONG)[: LONG if limit is None else min(limit, 10 * LONG)]
    return NON_ASCII[:limit]


def _limit(request: Request) -> int | None:
    base, modifiers = request.type.base, request.type.modifiers
    if base == "char":
        return 1
    if base == "name":
        return 63
    if base in ("varchar", "bpchar") and modifiers:
        return modifiers[0]
    return None


def _number(row: int) -> str:
    text = ""
    while True:
        row, digit = divmod(row, len(DIGITS))
        text = DIGITS[digit] + text
        if row == 0:
            return text
