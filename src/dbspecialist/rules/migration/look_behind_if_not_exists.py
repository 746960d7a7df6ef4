"""IF NOT EXISTS passes over a table, column or index of that name, whatever it is.

## What it does
Looks for CREATE TABLE statements that make nothing because a table of the name is there, with
other columns than the statement lists; for ADD COLUMN IF NOT EXISTS that finds another type, or a
column that takes NULL; and for CREATE INDEX IF NOT EXISTS that finds an index on other columns.

## Why it matters
The engine skips the statement with a notice, and the migration counts as applied. The columns
it was to make are not there, which is found out by the first query that needs them.

## Example
    CREATE TABLE IF NOT EXISTS users (id bigint PRIMARY KEY, email text);

## Use instead
    CREATE TABLE users (id bigint PRIMARY KEY, email text);

which fails where the table is there, or ALTER TABLE … ADD COLUMN.

## What proves it
The engine reports CREATE TABLE and makes no table; the columns are compared with its catalogue.

## Source
PostgreSQL manual, "CREATE TABLE", IF NOT EXISTS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.names import QUALIFIED, last, parts
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._columns import part
from dbspecialist.rules.migration._skipped import skipped

TITLE = "Look behind IF NOT EXISTS"
SEVERITY = "warning"
ENGINES = ("postgresql",)

#: A skipped statement leaves no trace of its columns in the engine: they are read from the text.
_SKIPPED = re.compile(
    r"\s*create\s+(?:unlogged\s+)?table\s+if\s+not\s+exists\s+(" + QUALIFIED + r")\s*\((.*)\)",
    re.IGNORECASE | re.DOTALL,
)
_NO_COLUMN = re.compile(
    r"\s*(constraint|primary|unique|check|foreign|exclude|like)\b", re.IGNORECASE
)
_NAME = re.compile(r'\s*("(?:[^"]|"")+"|[\w$]+)')


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each skipped CREATE TABLE whose table has other columns."""
    for statement in trial.statements:
        yield from () if statement.error else _others(trial, statement)
        found = _SKIPPED.match(statement.sql)
        if found is None or statement.error or "CREATE TABLE" not in statement.tags:
            continue
        table = _table(trial.after, found[1])
        if table is None or _is_made(statement):
            continue
        there = {part(item) for item in trial.after.parts_of(table.name, "column")}
        missing = [name for name in _columns(found[2]) if name not in there]
        if not missing:
            continue
        yield finding(
            severity="warning",
            message=(
                f"Table {table.name} is there already without {', '.join(missing)}: "
                "the statement makes nothing"
            ),
            location=at(trial, statement),
            evidence=(seen(f"makes no table, and {table.name} has no {', '.join(missing)}"),),
            help="CREATE TABLE without IF NOT EXISTS, or ALTER TABLE … ADD COLUMN",
            relation=table.name,
        )


def _others(trial: Trial, statement: StatementEffects) -> Iterator[Finding]:
    """Yield a finding for each column and index that is there, and is another."""
    for item in skipped(trial, statement):
        yield finding(
            severity="warning",
            message=(
                f"{item.kind} {item.name} is there already as {item.there} and not as "
                f"{item.written}: the statement makes nothing"
            ),
            location=at(trial, statement),
            evidence=(seen(f"{item.name} is {item.there} before and after the statement"),),
            help="write it without IF NOT EXISTS under a free name, or change what is there",
            relation=item.table,
        )


def _is_made(statement: StatementEffects) -> bool:
    return any(tag == "CREATE TABLE" for tag, _, _ in statement.creates)


def _table(catalogue: Catalogue, written: str) -> SchemaObject | None:
    """Find a table by its name as written; one without a schema by its last part."""
    name = written if '"' in written else written.lower()
    if len(parts(name)) > 1:
        return catalogue.get("table", name)
    alike = (item for item in catalogue.of_kind("table") if last(item.name) == name)
    return next(alike, None)


def _columns(body: str) -> Iterator[str]:
    """Yield the column names that CREATE TABLE lists."""
    depth, start, found = 0, 0, []
    for position, char in enumerate(body):
        depth += (char == "(") - (char == ")")
        if char == "," and not depth:
            found.append(body[start:position])
            start = position + 1
    for item in (*found, body[start:]):
        name = _NAME.match(item)
        if name and not _NO_COLUMN.match(item):
            yield name[1] if '"' in name[1] else name[1].lower()
