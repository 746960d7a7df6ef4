"""Columns and indexes that IF NOT EXISTS finds there already, otherwise than they are written.

A skipped statement leaves no trace of them in the engine: they are read from the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dbspecialist.engines.postgresql.index_definition import index_parts, split_list
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.names import NAME, QUALIFIED, bare, last, parts
from dbspecialist.facts.trial import Trial
from dbspecialist.rules.migration._columns import part

_COLUMN = re.compile(
    rf"\badd\s+(?:column\s+)?if\s+not\s+exists\s+(?P<name>{NAME})\s+(?P<type>[a-z]\w*"
    r"(?:\s+(?:varying|precision))?)\s*(?P<length>\([\d\s,]+\))?(?P<rest>[^,;]*)",
    re.IGNORECASE,
)
_TABLE = re.compile(
    rf"\s*alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?(?P<table>{QUALIFIED})", re.IGNORECASE
)
_INDEX = re.compile(
    rf"\s*create\s+(?:unique\s+)?index\s+(?:concurrently\s+)?if\s+not\s+exists\s+(?P<name>{NAME})\s+"
    rf"on\s+(?:only\s+)?(?P<table>{QUALIFIED})\s*(?:using\s+\w+\s*)?\((?P<keys>[\w\s,\"]+)\)",
    re.IGNORECASE,
)

#: Names of types, and what the engine calls them (PostgreSQL manual, "Data Types", table 8.1).
_TYPES = {
    **dict.fromkeys(("int", "int4", "integer"), "integer"),
    **dict.fromkeys(("int8", "bigint"), "bigint"),
    **dict.fromkeys(("int2", "smallint"), "smallint"),
    **dict.fromkeys(("bool", "boolean"), "boolean"),
    **dict.fromkeys(("varchar", "character varying"), "character varying"),
    **dict.fromkeys(("numeric", "decimal"), "numeric"),
    **{name: name for name in ("text", "date", "uuid", "jsonb", "json", "bytea")},
    "timestamptz": "timestamp with time zone",
}


@dataclass(frozen=True, slots=True)
class Skipped:
    """What is there already: its name, its table, what it is, and what was written instead."""

    kind: str
    name: str
    table: str
    there: str
    written: str


def skipped(trial: Trial, statement: StatementEffects) -> Iterator[Skipped]:
    """Yield the columns and indexes that a statement passes over though they are others."""
    found = _INDEX.match(statement.sql)
    if found and not any(tag == "CREATE INDEX" for tag, _, _ in statement.creates):
        yield from _index(trial, found)
    table = _TABLE.match(statement.sql)
    for item in _COLUMN.finditer(statement.sql) if table else ():
        assert table is not None
        yield from _column(trial, statement, table["table"], item)


def _index(trial: Trial, found: re.Match[str]) -> Iterator[Skipped]:
    keys = [_plain(key.strip()) for key in split_list(found["keys"])]
    for item in trial.before.of_kind("index"):
        there = index_parts(item)
        if bare(last(item.name)) != _plain(found["name"]) or not _is(item.parent, found["table"]):
            continue
        columns = [bare(name) for name in there.columns]
        if all(columns) and columns != keys and not any(" " in key for key in keys):
            told = ", ".join(there.keys)
            yield Skipped("Index", item.name, item.parent, f"on ({told})", found["keys"])


def _column(
    trial: Trial, statement: StatementEffects, table: str, found: re.Match[str]
) -> Iterator[Skipped]:
    changed = {bare(part(one.after)) for one in statement.columns if one.after}
    for item in trial.before.of_kind("column"):
        name = bare(part(item))
        if name != _plain(found["name"]) or not _is(item.parent, table) or name in changed:
            continue
        base = _TYPES.get(" ".join(found["type"].lower().split()), "")
        written = base + re.sub(r"\s", "", found["length"] or "")
        there, needed = item.attributes, re.search(r"\bnot\s+null\b", found["rest"], re.IGNORECASE)
        is_nullable = there["not_null"] != "true"
        if (base and written != there["type"]) or (needed and is_nullable):
            told = there["type"] + ("" if is_nullable else " NOT NULL")
            words = f"{found['type']}{found['length'] or ''}{' NOT NULL' if needed else ''}"
            yield Skipped("Column", item.name, item.parent, told, words)


def _plain(name: str) -> str:
    return bare(name) if name.startswith('"') else name.lower()


def _is(relation: str, written: str) -> bool:
    """Tell whether a name as written may mean a relation."""
    told = [_plain(one) for one in parts(written)]
    return [bare(one) for one in parts(relation)][-len(told) :] == told
