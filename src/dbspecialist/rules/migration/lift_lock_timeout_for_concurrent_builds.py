"""A time-out that ends a CONCURRENTLY build leaves an INVALID index behind.

## What it does
Looks for statements that build or drop an index CONCURRENTLY while a lock_timeout under 10 min or a
statement_timeout below the time of the build is in force.

## Why it matters
CREATE INDEX CONCURRENTLY waits for every transaction of the database that is older than its own
phases, whatever table it uses. These waits are waits for locks: a lock_timeout that is right for
ALTER TABLE ends the build after seconds, and the index stays behind INVALID: writes keep it up, no
query uses it, and CREATE INDEX IF NOT EXISTS takes it for done. The wait itself stops nobody.

## Example
    SET lock_timeout = '5s';
    CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);

## Use instead
    SET lock_timeout = 0;
    SET statement_timeout = 0;
    CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);
    SET lock_timeout = '5s';

## What proves it
The time-outs in force are read from the session on the twin. That an open snapshot on another table
ends such a build with an INVALID index is run in this project's tests (test_concurrent_builds.py).

## Source
PostgreSQL manual, "CREATE INDEX", section "Building Indexes Concurrently".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding, Severity
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import duration
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen

TITLE = "Lift lock_timeout and statement_timeout around concurrent builds"
SEVERITY = "error"
ENGINES = ("postgresql",)

#: A wait for older transactions that is longer than this points at a transaction left open.
LONG_ENOUGH_MS = 600_000.0

_UNKNOWN = "how long transactions of production stay open is not in the snapshot"


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each concurrent build or drop that a time-out may end."""
    for statement in trial.statements:
        table = _table(statement, run)
        if table is None:
            continue
        for name, limit in _limits(statement, table).items():
            severity, proof = _judged(statement, name, limit, table)
            yield finding(
                severity=severity,
                message=(
                    f"{_what(statement)} on {table} runs under {name} {duration(limit)}: "
                    f"{_wait(statement, name, table)}, and leaves an INVALID index where it ends"
                ),
                location=at(trial, statement),
                evidence=(seen(f"runs with {name} {duration(limit)} in force"), proof),
                help=f"SET {name} = 0 before it, and the value of before after it",
                relation=table,
            )


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Lift the time-outs for this statement."""
    table = _table(statement, run)
    limits = _limits(statement, table) if table else {}
    if not limits:
        return None
    before = [f"SET {name} = 0" for name in limits]
    after = [f"SET {name} = '{limit:.0f}ms'" for name, limit in limits.items()]
    up = (*before, statement.sql, *after)
    return (Phase("build without time-outs", up, transactional=False),)


def _table(statement: StatementEffects, run: Run) -> str | None:
    """Return the table of a concurrent build or drop of an index, where it may have rows."""
    index_work = statement.index_builds or any(
        item.startswith("index ") for item in statement.drops
    )
    if statement.in_transaction or not index_work:
        return None
    built = statement.index_builds.values()
    for lock in statement.locks:
        # ATTACH PARTITION takes this lock on the parent, and builds on the partition under another.
        concurrent = lock.mode == "ShareUpdateExclusiveLock"
        is_its = concurrent and (not built or lock.relation in built)
        if is_its and not run.at(statement).is_empty(lock.relation):
            return lock.relation
    return None


def _limits(statement: StatementEffects, table: str) -> dict[str, float]:
    """Return the time-outs in force that may end a statement, in milliseconds."""
    lock = float(statement.settings.get("lock_timeout", 0))
    whole = float(statement.settings.get("statement_timeout", 0))
    needed = max(LONG_ENOUGH_MS, 2 * statement.blocked_ms.get(table, 0))
    found = {"lock_timeout": lock} if 0 < lock < LONG_ENOUGH_MS else {}
    return found | ({"statement_timeout": whole} if 0 < whole < needed else {})


def _judged(
    statement: StatementEffects, name: str, limit: float, table: str
) -> tuple[Severity, Proof]:
    build = statement.blocked_ms.get(table, 0)
    if name == "statement_timeout" and build > limit:
        basis = "estimated from production's size and rates measured on this machine"
        claim = f"the build takes about {duration(build)}, longer than {duration(limit)}"
        return "error", Proof(claim, "unchecked", basis)
    claim = f"no older transaction of the database stays open for {duration(limit)}"
    return "warning", Proof(claim, "unchecked", _UNKNOWN)


def _what(statement: StatementEffects) -> str:
    built = ", ".join(statement.index_builds)
    dropped = ", ".join(item.partition(" ")[2] for item in statement.drops)
    return f"The build of {built}" if built else f"The drop of {dropped}"


def _wait(statement: StatementEffects, name: str, table: str) -> str:
    build = statement.blocked_ms.get(table, 0)
    if name == "statement_timeout" and statement.index_builds:
        return f"it takes about {duration(build)} and waits for every older transaction"
    return "it waits for every older transaction of the database"
