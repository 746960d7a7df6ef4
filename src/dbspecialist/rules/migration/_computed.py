"""Values that the run itself computes for a column: no statistics tell of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.names import bare
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.written import Written
from dbspecialist.rules.migration._indexes import indexes_on

#: What a plan prints of one value for all rows: a literal, maybe cast.
_CONSTANT = re.compile(r"\(*(?:'(?:[^']|'')*'|-?[\d.]+|NULL|true|false)(?:::[\w .\"()\[\],]+)?\)*")


def is_computed(run: Run, statement: StatementEffects, relation: str, column: str) -> bool:
    """Tell whether a column that the run made was filled, before a statement, row by row."""
    source = run.state(statement).source(relation, column)
    if source.origin is not None or not source.changed:
        return False
    return any(not is_constant(item) for item in _updates(run, statement, relation, column))


def _updates(
    run: Run, statement: StatementEffects, relation: str, column: str
) -> Iterator[Written]:
    every = (item for trial in run.trials for item in trial.statements)
    for item in takewhile(lambda one: one is not statement, every):
        if bare(column) in item.columns_set.get(relation, ()):
            yield from (one for one in item.writes if one.relation == relation)


def is_constant(item: Written) -> bool:
    """Tell whether a query gives all rows the same values."""
    values = item.values[0] if item.values else ()
    return bool(values) and all(_CONSTANT.fullmatch(value) for value in values)


def may_repeat(
    trial: Trial, run: Run, statement: StatementEffects, names: list[tuple[str, str]]
) -> bool:
    """Tell whether a key has a column that the run computes, and not from a unique one alone."""
    return any(
        is_computed(run, statement, *name) and not _is_copied_key(trial, run, statement, *name)
        for name in names
    )


def _is_copied_key(
    trial: Trial, run: Run, statement: StatementEffects, relation: str, column: str
) -> bool:
    rows = [item.values[:1] for item in _updates(run, statement, relation, column)]
    values = {bare(value) for row in rows for made in row for value in made}
    unique = (index for index in indexes_on(trial.before, relation) if index.unique)
    keys = {tuple(map(bare, index.columns)) for index in unique if not index.predicate}
    return len(values) == 1 and tuple(values) in keys
