"""Foreign keys that are added together, and which rule says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbspecialist.facts.effects import ConstraintChange, StatementEffects
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.migration._constraints import added
from dbspecialist.rules.migration._tables import is_filled

#: One foreign key locks two.
MANY = 3


@dataclass(frozen=True)
class Together:
    """Foreign keys of one transaction that lock three or more filled tables."""

    statements: tuple[StatementEffects, ...]
    keys: tuple[ConstraintChange, ...]
    tables: tuple[str, ...]


def together(trial: Trial, run: Run) -> Iterator[Together]:
    """Yield the foreign keys of each transaction that lock many tables.

    What add-foreign-keys-one-at-a-time says of them, no other rule about locks says again.
    """
    transactions: dict[int, list[StatementEffects]] = {}
    for item in trial.statements:
        if any(added(trial, run, item, "foreign key")):
            transactions.setdefault(item.transaction, []).append(item)
    for adding in transactions.values():
        keys = tuple(key for item in adding for key in added(trial, run, item, "foreign key"))
        both = {
            name
            for item in adding
            for key in added(trial, run, item, "foreign key")
            for name in (key.relation, key.referenced)
            if is_filled(trial, run, name, item)
        }
        tables = tuple(sorted(both))
        if len(keys) > 1 and len(tables) >= MANY:
            yield Together(tuple(adding), keys, tables)


def locked_by_keys(trial: Trial, run: Run, statement: StatementEffects) -> set[str]:
    """Return the tables that a statement locks because of the foreign keys that it adds."""
    keys = added(trial, run, statement, "foreign key")
    return {name for key in keys for name in (key.relation, key.referenced)}
