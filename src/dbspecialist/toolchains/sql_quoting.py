"""Names in quotation marks, for repositories that write all their names so.

A name is quoted where the grammar leaves no doubt that it is one: beside a dot, behind the words
that name an object, in lists of columns and at the beginning of a column's definition. Quoting a
name that the engine would fold to lower case changes nothing ("Identifiers and Key Words",
PostgreSQL manual).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbspecialist.engines.postgresql.tokens import tokens

#: Words behind which a name stands, and those that may stand between.
_NAMERS = frozenset(
    {"COLUMN", "CONSTRAINT", "INDEX", "ONLY", "POLICY", "REFERENCES", "SEQUENCE", "TABLE"}
    | {"TRIGGER", "VIEW", "INTO"}
)
_BETWEEN = frozenset({"IF", "NOT", "EXISTS", "CONCURRENTLY", "ONLY"})
#: Words before the parenthesis of a list of columns, besides a name.
_LISTS = frozenset({"UNIQUE", "KEY", "INCLUDE"})
#: What may follow a column in such a list.
_FOLLOWS = frozenset({",", ")", "ASC", "DESC", "NULLS"})
#: What begins a part of CREATE TABLE that is no column.
_PARTS = frozenset({"CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "EXCLUDE", "LIKE"})
_SILENT = frozenset({"space", "line_comment", "block_comment"})
_NEVER = _BETWEEN | {
    "ALL",
    "SET",
    "ON",
    "OF",
    "AS",
    "SELECT",
    "EACH",
    "STORED",
    "USER",
    "TABLESPACE",
}


@dataclass(frozen=True, slots=True)
class _Word:
    """A token that counts, with its text in capitals and where it stands."""

    text: str
    start: int
    end: int
    kind: str


def quoted(sql: str) -> str:
    """Return a statement with its names in quotation marks."""
    words = [
        _Word(sql[item.start : item.end].upper(), item.start, item.end, item.kind)
        for item in tokens(sql, "")
        if item.kind not in _SILENT
    ]
    names = set(_names(words))
    parts: list[str] = []
    end = 0
    for number, word in enumerate(words):
        if number in names:
            parts += [sql[end : word.start], f'"{sql[word.start : word.end].lower()}"']
            end = word.end
    return "".join((*parts, sql[end:]))


def _names(words: list[_Word]) -> Iterator[int]:
    """Yield the places of the words that are names without a doubt."""
    opened: list[bool] = []  # for each open parenthesis, whether it holds a list of columns
    table = [word.text for word in words[:2]] == ["CREATE", "TABLE"]
    for number, word in enumerate(words):
        before = words[number - 1].text if number else ""
        after = words[number + 1].text if number + 1 < len(words) else ""
        if word.text == "(":
            opened.append(_opens_list(words, number))
        elif word.text == ")" and opened:
            opened.pop()
        elif word.kind != "word" or word.text in _NEVER:
            continue
        elif "." in {before, after} or _is_named(words, number):
            yield number
        elif before in {"(", ","} and opened:
            listed = opened[-1] and after in _FOLLOWS
            column = table and len(opened) == 1 and word.text not in _PARTS
            if listed or column:
                yield number


def _is_named(words: list[_Word], number: int) -> bool:
    """Whether a word stands behind one that names an object."""
    at = number - 1
    while at >= 0 and words[at].text in _BETWEEN:
        at -= 1
    if at < 0:
        return False
    if words[at].text == "TO":  # RENAME TO name, RENAME COLUMN name TO name
        return any(word.text == "RENAME" for word in words[max(0, at - 3) : at])
    if words[at].text in {"TYPE", "UPDATE"}:  # not ALTER COLUMN … TYPE, not ON UPDATE
        return at == (words[at].text == "TYPE")
    return words[at].text in _NAMERS


def _opens_list(words: list[_Word], number: int) -> bool:
    """Whether a parenthesis holds columns: behind UNIQUE and such, or the table of an index."""
    before = words[number - 1] if number else None
    if before is None:
        return False
    if before.text in _LISTS:
        return True
    is_name = before.kind in {"word", "name"}
    ahead = [word.text for word in words[:number]]
    return is_name and (
        "REFERENCES" in ahead[-5:]
        or (ahead[0] == "INSERT" and "VALUES" not in ahead)
        or (ahead[0] == "CREATE" and "INDEX" in ahead[:3] and ahead.count("(") == 0)
    )
