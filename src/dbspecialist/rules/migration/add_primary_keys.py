"""A table without a primary key has rows that nothing can name.

## What it does
Looks for tables that a migration makes, or takes the primary key from, and that have none when the
run ends.

## Why it matters
Logical replication refuses UPDATE and DELETE on such a table unless it is told to send whole rows;
ORMs cannot map it; a row that was written twice cannot be told from its copy. A UNIQUE constraint
on NOT NULL columns names rows as well, but tools look for a primary key.

## Example
    CREATE TABLE notes (user_id bigint NOT NULL, body text);

## Use instead
    CREATE TABLE notes (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        user_id bigint NOT NULL,
        body text
    );

## What proves it
The constraints are read from the catalogue that the run ends in.

## Source
PostgreSQL manual, "Constraints", section "Primary Keys"; "Logical Replication", on publications.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.migration import VERSION_TABLES
from dbspecialist.facts.names import bare, last
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._constraints import dropped_constraint, last_catalogue

TITLE = "Give every table a primary key"
SEVERITY = "info"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that a migration leaves without a primary key."""
    end = last_catalogue(run)
    for table, statement, how in [*_made(trial), *_dropped(trial)]:
        if not _lacks_key(end, table):
            continue
        yield finding(
            severity="info",
            message=f"Table {table} {how} no primary key{_other_keys(end, table)}",
            location=at(trial, statement),
            evidence=(seen(f"{table} has no primary key when the run ends"),),
            help="id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, or a key of its columns",
            relation=table,
        )


def _made(trial: Trial) -> Iterator[tuple[str, StatementEffects, str]]:
    for statement in trial.statements:
        for tag, kind, name in statement.creates:
            made = tag.startswith("CREATE TABLE") and kind == "table"
            # A key that a later migration drops is told there.
            if made and (trial.after.get("table", name) is None or _lacks_key(trial.after, name)):
                yield name, statement, "is made with"


def _dropped(trial: Trial) -> Iterator[tuple[str, StatementEffects, str]]:
    for key in trial.before.of_kind("constraint"):
        if key.attributes["type"] != "primary key":
            continue
        name = dropped_constraint(key.parent, key.name.removeprefix(f"{key.parent}."))
        for statement in trial.statements:
            if name in statement.drops:
                yield key.parent, statement, "is left with"


def _lacks_key(end: Catalogue, table: str) -> bool:
    """Tell whether a table stands at the end, is no partition and has no primary key."""
    found = end.get("table", table)
    if found is None or found.attributes.get("partition_of") or _is_bookkeeping(table):
        return False
    keys = end.parts_of(table, "constraint")
    return not any(item.attributes["type"] == "primary key" for item in keys)


def _is_bookkeeping(table: str) -> bool:
    return bare(last(table)) in VERSION_TABLES


def _other_keys(end: Catalogue, table: str) -> str:
    names = [
        item.name.removeprefix(f"{table}.")
        for item in end.parts_of(table, "constraint")
        if item.attributes["type"] == "unique"
    ]
    return f", only UNIQUE {', '.join(names)}" if names else ""
