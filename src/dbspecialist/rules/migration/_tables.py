"""What table rules share: partitions, and what was there before the run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import dropwhile, takewhile

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


def root_of(catalogue: Catalogue, relation: str) -> str:
    """Return the partitioned table that a partition belongs to in the end, or the table itself."""
    table = catalogue.get("table", relation)
    parent = table.attributes.get("partition_of") if table else None
    return root_of(catalogue, parent) if parent else relation


def root_then(trial: Trial, statement: StatementEffects, relation: str) -> str:
    """Return the table that a partition belongs to in the end, by its name at a statement."""
    before = trial.name_before(relation, statement)
    root = root_of(trial.before, before)
    return relation if root == before else named_at(trial, statement, root)


def named_at(trial: Trial, statement: StatementEffects, relation: str) -> str:
    """Return the name when a statement begins of a relation with one before the migration."""
    for item in takewhile(lambda item: item is not statement, trial.statements):
        relation = item.renames.get(relation, relation)
    return relation


def named_after(trial: Trial, statement: StatementEffects, relation: str) -> str:
    """Return the name after the migration of a relation, by its name when a statement begins."""
    for item in dropwhile(lambda item: item is not statement, trial.statements):
        relation = item.renames.get(relation, relation)
    return relation


def is_partitioned(catalogue: Catalogue, relation: str) -> bool:
    """Tell whether a table is partitioned."""
    table = catalogue.get("table", relation)
    return table is not None and "partition_key" in table.attributes


def rewritten(
    trial: Trial, statement: StatementEffects, run: Run, reason: str
) -> Iterator[tuple[str, str]]:
    """Yield filled tables that are written anew for a reason, partitioned ones once.

    Each comes with the table that was rewritten: itself, or its largest partition.
    """
    found: dict[str, str] = {}
    then = run.at(statement)
    for table, told in statement.rewrites.items():
        if reason in told and not then.is_empty(table):
            root = root_then(trial, statement, table)
            if root not in found or then.rows(table) > then.rows(found[root]):
                found[root] = table
    yield from found.items()


def is_filled(
    trial: Trial, run: Run, relation: str, statement: StatementEffects | None = None
) -> bool:
    """Tell whether a table may have rows in production, its partitions counted in.

    Args:
        trial: Tells the partitions.
        run: Tells the sizes.
        relation: The table, by its name when the statement has run, or before the migration.
        statement: Which one.
    """
    then = run.at(statement) if statement else run
    return any(not then.is_empty(name) for name in _holding(trial, relation, statement))


def knows(trial: Trial, run: Run, relation: str, statement: StatementEffects | None = None) -> bool:
    """Tell whether production's size of a table is known, its partitions counted in."""
    then = run.at(statement) if statement else run
    return all(then.knows(name) for name in _holding(trial, relation, statement))


def rows_of(
    trial: Trial, run: Run, relation: str, statement: StatementEffects | None = None
) -> float:
    """Return production's rows of a table, its partitions counted in."""
    then = run.at(statement) if statement else run
    return sum(then.rows(name) for name in _holding(trial, relation, statement))


def first_filled(
    trial: Trial,
    run: Run,
    relation: str,
    among: Iterable[str],
    statement: StatementEffects | None = None,
) -> str | None:
    """Return the first of a table and its partitions that is named and may have rows."""
    then = run.at(statement) if statement else run
    wanted = set(family_then(trial, relation, statement)) & set(among)
    return next((name for name in sorted(wanted) if not then.is_empty(name)), None)


def family_then(trial: Trial, relation: str, statement: StatementEffects | None) -> list[str]:
    """Return a table and its partitions, by its name when a statement has run."""
    before = trial.name_before(relation, statement) if statement else relation
    return [relation if name == before else name for name in family(trial.before, before)]


def _holding(trial: Trial, relation: str, statement: StatementEffects | None) -> list[str]:
    before = trial.name_before(relation, statement) if statement else relation
    return [relation if name == before else name for name in leaves(trial.before, before)]


def before_run(run: Run) -> Catalogue:
    """Return the catalogue that the run began with."""
    if run.trials and run.trials[0].before.objects:
        return run.trials[0].before
    return run.snapshot.catalogue if run.snapshot else Catalogue()


def as_at(run: Run, trial: Trial, statement: StatementEffects, table: str) -> Run:
    """Return a run that knows a name for the table that bears it when a statement runs.

    A table that is dropped and made again is production's up to the drop, and new after it.
    """
    if before_run(run).get("table", table) is None:
        return run
    for other in run.trials:
        for item in other.statements:
            if item is statement:
                return replace(run, created=run.created - {table})
            if f"table {table}" in item.drops:
                return replace(run, created=run.created | {table})
    return run


def rows_error(trial: Trial, statement: StatementEffects) -> EngineError | None:
    """Return how a statement failed on the twin with rows, if it did."""
    number = trial.place(statement)
    return next((item.error for item in trial.rows_errors if item.index == number), None)


def changed_rows_before(run: Run, statement: StatementEffects, table: str) -> bool:
    """Tell whether the run changed rows of a table before a statement."""
    return run.state_before(statement).changes(table)
