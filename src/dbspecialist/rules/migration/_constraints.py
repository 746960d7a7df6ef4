"""Constraints as rules see them: added by which statement, and under which lock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from dbspecialist.engines.postgresql.script import split_script
from dbspecialist.engines.postgresql.tokens import Token, tokens
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import ConstraintChange, StatementEffects
from dbspecialist.facts.locks import LOCK_MODES, Lock
from dbspecialist.facts.names import NAME
from dbspecialist.facts.trial import Run, Trial

_NOT_VALID = re.compile(r"\bnot\s+valid\b", re.IGNORECASE)
_VALIDATION = re.compile(rf",\s*validate\s+constraint\s+{NAME}\s*;?\s*$", re.IGNORECASE)
_ADD = re.compile(r"\s*alter\s+table\b.*?\badd\b(?!\s+column\b)", re.IGNORECASE | re.DOTALL)


def catalogue_before(trial: Trial, run: Run) -> Catalogue:
    """Return the catalogue before a migration, or production's where it was not reached."""
    if trial.before.objects or run.snapshot is None:
        return trial.before
    return run.snapshot.catalogue


def last_catalogue(run: Run) -> Catalogue:
    """Return the catalogue that the run ends in, as far as it came."""
    reached = [trial.after for trial in run.trials if trial.after.objects]
    return reached[-1] if reached else Catalogue()


def dropped_constraint(relation: str, name: str) -> str:
    """Write a dropped constraint as the engine reports it."""
    return f"table constraint {name} on {relation}"


def added(
    trial: Trial, run: Run, statement: StatementEffects, *kinds: str
) -> Iterator[ConstraintChange]:
    """Yield the constraints that a statement adds.

    A type change makes those of its column anew; they were there before and count as old.
    """
    before = catalogue_before(trial, run)
    for item in statement.constraints:
        if not (item.added and item.kind in kinds):
            continue
        known = before.get("constraint", f"{item.relation}.{item.name}")
        name = dropped_constraint(item.relation, item.name)
        if not known or name in _drops_until(trial, statement):
            yield item


def remade(trial: Trial, run: Run, statement: StatementEffects) -> Iterator[ConstraintChange]:
    """Yield the constraints that a type change makes anew."""
    new = set(added(trial, run, statement, "check"))
    for item in statement.constraints:
        if item.added and item.kind == "check" and item not in new:
            yield item


def _drops_until(trial: Trial, statement: StatementEffects) -> set[str]:
    end = trial.place(statement) + 1
    return {name for item in trial.statements[:end] for name in item.drops}


def filled(
    trial: Trial, statement: StatementEffects, run: Run, relation: str, *others: str
) -> list[str]:
    """Return a locked relation, or its partitions, that may have rows, the largest first.

    Args:
        trial: Its earlier statements may hold the locks.
        statement: It reads them or builds over them.
        run: Tells which are empty in production.
        relation: The table that the statement alters.
        others: Relations that it locks for another reason (referenced tables).
    """
    worked = {*statement.scans, *statement.index_builds.values()}
    found = [
        name
        for name in worked
        if held_lock(trial, statement, name)
        and not run.at(statement).is_empty(name)
        and (name == relation or name not in others)
    ]
    return sorted(found, key=lambda name: (name != relation, -run.at(statement).rows(name)))


def held_lock(trial: Trial, statement: StatementEffects, relation: str) -> Lock | None:
    """Return the strongest lock on a relation that is held when a statement ends.

    Those of earlier migrations in the same transaction are told where the statement works on it.
    """
    end = trial.place(statement) + 1
    held = [
        lock
        for item in trial.statements[:end]
        if item is statement or item.transaction == statement.transaction
        for lock in item.locks
        if lock.blocked == relation
    ]
    held += [lock for lock in statement.held if lock.blocked == relation]
    return max(held, key=lambda lock: LOCK_MODES.index(lock.mode), default=None)


def holder(trial: Trial, statement: StatementEffects, relation: str) -> StatementEffects:
    """Return the statement that took the strongest lock on a relation that is held: it waits."""
    lock = held_lock(trial, statement, relation)
    return next(
        (
            item
            for item in trial.statements
            if lock in item.locks and item.transaction == statement.transaction
        ),
        statement,
    )


def says_not_valid(statement: StatementEffects) -> bool:
    """Tell whether NOT VALID stands in a statement whose constraint ends up valid.

    Added and validated in one ALTER TABLE, the engine shows the end alone.
    """
    return bool(_NOT_VALID.search(statement.sql))


def is_sole_addition(statement: StatementEffects) -> bool:
    """Tell whether a statement is one ALTER TABLE with one ADD, which phases can replace.

    Whether it does more than that is no effect of its own; the fix is run before it is shown.
    """
    if len(split_script(statement.sql)) != 1 or not _ADD.match(statement.sql):
        return False
    return not any("," in statement.sql[token.start : token.end] for token in _top_level(statement))


def _top_level(statement: StatementEffects) -> Iterator[Token]:
    depth = 0
    for token in tokens(statement.sql, ""):
        depth += (token.kind == "open") - (token.kind == "close")
        if depth == 0 and token.kind == "other":
            yield token


def in_two_steps(change: ConstraintChange, statement: StatementEffects) -> tuple[Phase, ...] | None:
    """Return the phases that add a constraint NOT VALID and validate it later."""
    alone = replace(statement, sql=_VALIDATION.sub("", statement.sql))
    if not is_sole_addition(alone):
        return None
    table, name = change.relation, change.name
    return (
        Phase(
            "add the constraint for new rows",
            (f"ALTER TABLE {table} ADD CONSTRAINT {name} {change.definition} NOT VALID",),
            (f"ALTER TABLE {table} DROP CONSTRAINT {name}",),
        ),
        Phase(
            "check the rows that are there while reads and writes go on",
            (f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}",),
            when="the step before has been committed",
        ),
    )
