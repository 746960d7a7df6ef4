"""Models that say something else than the migrations make break in production first.

## What it does
Creates the tables of the models' metadata on a second twin, runs the migrations on another, and
compares the two catalogues object by object: also CHECK and EXCLUDE constraints, enum values,
partial predicates, INCLUDE columns, index methods, computed expressions, sequences and server
defaults, which Alembic's autogenerate does not compare.

## Why it matters
Tests that create their tables from the models pass with constraints that production lacks.

## Example
    CheckConstraint("total >= 0")   # in the model, in no migration

## Use instead
A migration that adds what the model says, or a model that says what is there.

## What proves it
Both catalogues, read from the engine.

## Source
Alembic documentation, "Auto Generating Migrations", "What does Autogenerate Detect".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import Difference
from dbspecialist.facts.finding import Finding, Location
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run

TITLE = "Keep models and migrations equal"
SEVERITY = "warning"
ENGINES = ("postgresql",)


def check_run(run: Run) -> Iterator[Finding]:
    """Yield a finding for each object that models and migrations have differently."""
    gone = {item.object.name for item in run.model_drift if item.object.kind == "table"}
    for item in run.model_drift:
        if item.object.parent not in gone:
            yield _finding(item, run)


def _finding(item: Difference, run: Run) -> Finding:
    name = f"{item.object.kind} {item.object.name}"
    return Finding(
        rule="keep-models-and-migrations-equal",
        severity="warning",
        message=f"{name[0].upper()}{name[1:]} {_told(item)}",
        location=Location(run.trials[-1].migration.path),
        evidence=(
            Proof(f"models and migrations agree on {name}", "refuted", "both were made on twins"),
        ),
        help="write the missing revision, or mend the model",
        relation=item.object.parent or item.object.name,
    )


def _told(item: Difference) -> str:
    if item.after is None:
        return "is made by the migrations and in no model"
    if item.before is None:
        return "is in the models and made by no migration"
    old, new = item.before.attributes, item.after.attributes
    parts = [f"{key} is {old.get(key)!r} and {new.get(key)!r}" for key in item.changed]
    return f"differs between migrations and models: {'; '.join(parts)}"
