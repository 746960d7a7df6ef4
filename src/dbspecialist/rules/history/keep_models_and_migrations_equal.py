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

from collections.abc import Iterable

from dbspecialist.facts.catalogue import Difference
from dbspecialist.facts.finding import Finding, Location
from dbspecialist.facts.trial import Run
from dbspecialist.rules.history._drift import Drift

TITLE = "Keep models and migrations equal"
SEVERITY = "warning"
ENGINES = ("postgresql", "mysql", "mariadb")


def check_run(run: Run) -> Iterable[Finding]:
    """Yield a finding for each object that models and migrations have differently."""
    return Drift(
        location=Location(run.trials[-1].migration.path),
        claim="models and migrations agree on {}",
        basis="both were made on twins",
        gone="is made by the migrations and in no model",
        new="is in the models and made by no migration",
        sides=("the migrations", "the models"),
        help="write the missing revision, or mend the model",
        is_known_to_code=_is_default_of_code,
    ).findings(run.model_drift)


def _is_default_of_code(item: Difference) -> bool:
    """Tell whether all that differs is a default which the models do not state.

    A default in the mapped class itself is sent with each INSERT, and no catalogue shows it.
    """
    return (
        item.changed == ("default",)
        and item.after is not None
        and ("default" not in item.after.attributes)
    )
