"""What table rules share: partitions, and what was there before the run."""

from __future__ import annotations

from collections.abc import Iterable

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.effects import EngineError, StatementEffects
from dbspecialist.facts.trial import Run, Trial


def family(catalogue: Catalogue, relation: str) -> list[str]:
    """Return a table and all its partitions, however deep."""
    found = [relation]
    for item in catalogue.parts_of(relation, "partition"):
        found += family(catalogue, item.name)
    return found


def leaves(catalogue: Catalogue, relation: str) -> list[str]:
    """Return the tables that hold a table's rows: itself, or its partitions' partitions."""
    found = [item.name for item in catalogue.parts_of(relation, "partition")]
    return [leaf for name in found for leaf in leaves(catalogue, name)] or [relation]


def is_filled(trial: Trial, run: Run, relation: str) -> bool:
    """Tell whether a table may have rows in production, its partitions counted in."""
    return any(not run.is_empty(name) for name in leaves(trial.before, relation))


def knows(trial: Trial, run: Run, relation: str) -> bool:
    """Tell whether production's size of a table is known, its partitions counted in."""
    return all(run.knows(name) for name in leaves(trial.before, relation))


def rows_of(trial: Trial, run: Run, relation: str) -> float:
    """Return production's rows of a table, its partitions counted in."""
    return sum(run.rows(name) for name in leaves(trial.before, relation))


def first_filled(trial: Trial, run: Run, relation: str, among: Iterable[str]) -> str | None:
    """Return the first of a table and its partitions that is named and may have rows."""
    wanted = set(family(trial.before, relation)) & set(among)
    return next((name for name in sorted(wanted) if not run.is_empty(name)), None)


def before_run(run: Run) -> Catalogue:
    """Return the catalogue that the run began with."""
    if run.trials and run.trials[0].before.objects:
        return run.trials[0].before
    return run.snapshot.catalogue if run.snapshot else Catalogue()


def rows_error(trial: Trial, statement: StatementEffects) -> EngineError | None:
    """Return how a statement failed on the twin with rows, if it did."""
    number = trial.statements.index(statement)
    return next((item.error for item in trial.rows_errors if item.index == number), None)


def changed_rows_before(run: Run, trial: Trial, statement: StatementEffects, table: str) -> bool:
    """Tell whether the run changed rows of a table before a statement."""
    for other in run.trials:
        for item in other.statements:
            if item is statement:
                return False
            if table in item.rows_modified:
                return True
    return False
