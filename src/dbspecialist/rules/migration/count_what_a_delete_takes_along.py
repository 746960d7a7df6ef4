"""A DELETE takes along, or changes, the rows that refer to it by foreign keys with an action.

## What it does
Looks for DELETEs from tables that foreign keys with CASCADE, SET NULL or SET DEFAULT refer to, and
estimates how many rows of the referring tables go or change in the same statement, through several
foreign keys one behind another.

## Why it matters
The rows do not stand in the statement, and no plan counts them. They are gone, or locked until the
transaction ends.

## Example
    DELETE FROM customers WHERE created < '2020-01-01';  -- and 4 million orders with them

## Use instead
Delete the referring rows first, in batches that commit, then the rows themselves.

## What proves it
The foreign keys and what they do are read from the engine. The rows are an estimate: as many as
fall on each referred row on average, by the snapshot's sizes, times the planner's estimate of rows
that are deleted.

## Source
PostgreSQL manual, "Constraints", ON DELETE CASCADE.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.names import bare, listed
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at

TITLE = "Count the rows that a DELETE takes along"
SEVERITY = "warning"
ENGINES = ("postgresql",)

#: Rows that go along below which it is not worth a word.
FEW = 10_000
_ACTIONS = {"cascade": "loses", "set null": "changes", "set default": "changes"}


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table of which a DELETE takes many rows along."""
    for statement in trial.statements:
        for item in statement.writes:
            rows = statement.rows_modified.get(item.relation, 0.0)
            if item.operation != "delete" or statement.error or not rows:
                continue
            there = run.at(statement)
            for key, along in _along(trial, there, item.relation, rows, frozenset()):
                if along > FEW:
                    yield _finding(trial, there, statement, key, along)


def _along(
    trial: Trial, run: Run, relation: str, rows: float, seen: frozenset[str]
) -> Iterator[tuple[SchemaObject, float]]:
    """Yield the foreign keys that act when rows go, with the rows that they act on."""
    parents = run.rows(relation)
    for key in trial.before.of_kind("constraint"):
        acts = key.attributes.get("on_delete") in _ACTIONS
        if key.attributes.get("referenced") != relation or not acts or key.name in seen:
            continue
        if not parents or not run.knows(key.parent):
            continue
        along = run.rows(key.parent) * _share(run, key) * min(rows / parents, 1.0)
        yield key, along
        if key.attributes["on_delete"] == "cascade":
            yield from _along(trial, run, key.parent, along, seen | {key.name})


def _share(run: Run, key: SchemaObject) -> float:
    """Return the share of rows that refer to one."""
    columns = listed(key.attributes["columns"])
    table = run.renamed.get(key.parent, key.parent)
    known = run.snapshot.column if run.snapshot else {}
    found = (known.get((table, bare(name))) for name in columns)
    return min((1.0 - item.null_frac for item in found if item), default=1.0)


def _finding(
    trial: Trial, run: Run, statement: StatementEffects, key: SchemaObject, along: float
) -> Finding:
    action = key.attributes["on_delete"]
    of = f"about {count(along)} of {count(run.rows(key.parent))} rows"
    return finding(
        severity="warning",
        message=(
            f"Table {key.parent} {_ACTIONS[action]} {of} in the same statement, by "
            f"{key.name} (ON DELETE {action.upper()})"
        ),
        location=at(trial, statement),
        evidence=(
            Proof(
                f"{key.name} acts on {of}",
                "unchecked",
                "estimated from the planner's rows and the snapshot's sizes, the same number "
                "of rows falling on each",
            ),
        ),
        help=f"delete the rows of {key.parent} first, in batches that commit",
        relation=key.parent,
    )
