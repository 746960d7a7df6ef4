"""What rules share: severity from the effect, evidence, and words for figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Location, Severity
from dbspecialist.facts.locks import Lock
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count, duration

ENGINE = "read from the engine on the twin"
ESTIMATE = "estimated from production's size and rates measured on this machine"


def lock_on(statement: StatementEffects, relation: str) -> Lock | None:
    """Return the lock that a statement took on a relation."""
    return next((lock for lock in statement.locks if lock.relation == relation), None)


def lock_over(statement: StatementEffects, relation: str) -> Lock | None:
    """Return the lock on a relation while a statement works on it, maybe an earlier one's."""
    held = next((lock for lock in statement.held if lock.blocked == relation), None)
    return held or lock_on(statement, relation)


def blocking_locks(statement: StatementEffects, run: Run) -> Iterable[Lock]:
    """Yield the locks that stop reads or writes of tables that may have rows."""
    for lock in statement.locks:
        # What is locked was there before the run, even where the run gives its name to another.
        there = replace(run, created=run.created - {lock.blocked})
        if {"reads", "writes"} & set(lock.blocks) and not there.is_empty(lock.blocked):
            yield lock


def blocks(lock: Lock) -> str:
    """Say what a lock stops: "reads and writes", "writes"."""
    return " and ".join(word for word in lock.blocks if word != "ddl")


def by_blocked_time(statement: StatementEffects, relation: str, run: Run) -> Severity:
    """Return `error` for a wait beyond the limit, `warning` for any other wait for work.

    A relation whose size is not known gives a warning; one known to be empty gives info.
    """
    if run.at(statement).is_empty(relation):
        return "info"
    return "error" if statement.blocked_ms.get(relation, 0) > run.max_blocked_ms else "warning"


def blocked_for(
    statement: StatementEffects,
    relation: str,
    run: Run,
    working: StatementEffects | None = None,
) -> str:
    """Say for how long, with the size that it was estimated from.

    Where much of it is the work of other statements in the transaction, the statement's own share
    is said.

    Args:
        statement: It takes the lock.
        relation: What it locks.
        run: Tells production's sizes.
        working: The statement that works on the relation, where that is a later one.
    """
    if not run.at(statement).knows(relation):
        return "for a time that depends on the table's size, which is not known"
    working = working or statement
    waited, own = statement.blocked_ms.get(relation, 0), working.work_ms
    rows = f"at {count(rows_worked(working, relation, run.at(working)))} rows"
    if own is not None and own < waited * 0.8 and relation in _worked(working):
        since = "" if working is statement or not statement.line else f"from line {statement.line} "
        return (
            f"for about {duration(waited)}, {since}up to the end of the transaction; "
            f"{duration(own)} of it are this statement's {rows}"
        )
    return f"for about {duration(waited)} {rows}"


def rows_worked(statement: StatementEffects, relation: str, run: Run) -> float:
    """Return the rows of a relation, with those of partitions that a statement works on too."""
    kin = {name for name in _worked(statement) if run.root(name) == run.root(relation)}
    return sum(map(run.rows, kin)) if kin else run.rows(relation)


def _worked(statement: StatementEffects) -> set[str]:
    return {
        *(*statement.rewrites, *statement.scans, *statement.rows_modified),
        *statement.index_builds.values(),
    }


def lock_evidence(lock: Lock) -> Proof:
    """Return the proof that a lock is taken."""
    return Proof(f"takes {lock.mode} on {lock.relation}", "proven", ENGINE)


def time_evidence(statement: StatementEffects, relation: str, run: Run) -> Proof:
    """Return the proof of a blocked time: an estimate, so it is not called proven."""
    if not run.at(statement).knows(relation):
        return Proof(
            f"the blocked time of {relation}", "unchecked", "the snapshot has no size for it"
        )
    waited = duration(statement.blocked_ms.get(relation, 0))
    return Proof(f"{relation} is blocked for about {waited}", "unchecked", ESTIMATE)


def seen(claim: str) -> Proof:
    """Return the proof of something that the engine did."""
    return Proof(claim, "proven", ENGINE)


def at(trial: Trial, statement: StatementEffects) -> Location:
    """Return the place of a statement."""
    return trial.location(statement)


#: How each toolchain runs a migration without a transaction around it.
_OUTSIDE: Mapping[str, str] = {
    "alembic": "write it inside `with op.get_context().autocommit_block():`",
    "flyway": "put it into a migration of its own with `executeInTransaction=false` beside it",
    "prisma": "put it into a migration of its own: Prisma runs one statement without a transaction",
    "typeorm": "put it into a migration of its own with `transaction = false`",
    "sequelize": "run it without the `transaction` option",
}


def outside_transaction(trial: Trial) -> str:
    """Say how to run a statement outside of a transaction with the trial's toolchain."""
    words = "run it in a file of its own, without BEGIN and without --single-transaction"
    return _OUTSIDE.get(trial.migration.toolchain, words)


def concurrently_help(trial: Trial, statement: StatementEffects, words: str) -> str:
    """Say what to write instead, and how it leaves the transaction that the statement is in."""
    if not statement.in_transaction:
        return words
    return f"{words}, outside of a transaction: {outside_transaction(trial)}"
