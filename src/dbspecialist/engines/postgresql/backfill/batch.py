"""One batch: one transaction that changes rows and writes how far the job has come."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.backfill import state as states
from dbspecialist.engines.postgresql.backfill import statements
from dbspecialist.engines.postgresql.backfill.table import raw, read_stamp
from dbspecialist.facts.backfill import BackfillPlan, BackfillState, Key

Connection = psycopg.Connection[Any]


class MovedError(Exception):
    """The table's definition may have changed since it was last looked at."""


@dataclass(frozen=True)
class Job:
    """What a batch needs to know.

    Args:
        plan: What is done.
        name: The job's name in the state table.
        fence: The start that this process made.
        oid: The target table.
        stamp: The table's stamp when its shape was last compared.
        search_path: What the role's sessions have, for triggers.
    """

    plan: BackfillPlan
    name: str
    fence: int
    oid: int
    stamp: str
    search_path: str


@dataclass(frozen=True, slots=True)
class Done:
    """A batch that is committed: the state after it, rows it went over, and how long it took."""

    state: BackfillState
    keys: int
    ms: float


def run_batch(connection: Connection, job: Job, rows: int) -> Done:
    """Carry one batch out, or find that none is left.

    The job's row is locked first: whoever carries the job out as well waits, and then finds
    another fence or a later key. Each statement after it sees what was committed before
    (READ COMMITTED), and an UPDATE evaluates its condition again on a row that another
    transaction has changed meanwhile (PostgreSQL manual, "Read Committed Isolation Level").

    Raises:
        MovedError: Where the table's definition may have changed; nothing is written then.
        InputError: Where another copy has started.
    """
    started = time.perf_counter()
    with connection.transaction():
        before = states.lock(connection, job.plan.state_table, job.name, job.fence)
        if before.is_done:
            return Done(before, 0, 0.0)
        # What an UPDATE takes itself: no DDL can come between the look at the table and the commit.
        connection.execute(f"LOCK TABLE ONLY {job.plan.relation} IN ROW EXCLUSIVE MODE".encode())
        if read_stamp(connection, job.oid, job.plan.calls) != job.stamp:
            raise MovedError
        after, keys = _next(connection, job, before, rows)
        after = states.advance(connection, job.plan.state_table, after)
    return Done(after, keys, (time.perf_counter() - started) * 1000)


def _next(
    connection: Connection, job: Job, state: BackfillState, rows: int
) -> tuple[BackfillState, int]:
    """Change the next rows, and return the state after them with how many keys they were."""
    plan, upper = job.plan, state.upper_key
    if upper is None or state.last_key == upper:
        return _ended_pass(plan, state), 0
    found = _first(connection, statements.bound(plan, state.last_key, upper, rows))
    bound: Key = tuple(found) if found else upper
    range_ = (plan, state.last_key, bound)
    if found:
        keys = rows
    else:
        (keys,) = _first(connection, statements.keys_between(*range_)) or (0,)
    changed, counted = _change(connection, job, state, range_)
    return replace(
        state,
        last_key=bound,
        batches=state.batches + 1,
        keys=state.keys + (keys if state.passes == 1 else 0),
        rows=state.rows + changed,
        pass_rows=state.pass_rows + counted,
    ), keys


def _change(
    connection: Connection,
    job: Job,
    state: BackfillState,
    range_: tuple[BackfillPlan, Key | None, Key],
) -> tuple[int, int]:
    """Change the rows of a range, or look at them; return how many were changed and counted."""
    if state.passes > 1:
        if job.plan.excludes != "proven":
            (found,) = _first(connection, statements.matching(*range_)) or (0,)
            return 0, found
        if not _first(connection, statements.remaining(*range_)):
            return 0, 0
    query, values = statements.update(*range_)
    raw(connection).execute("SELECT set_config('search_path', $1, true)", [job.search_path])
    changed = raw(connection).execute(query, values).rowcount
    return changed, changed


def _first(connection: Connection, statement: statements.Statement) -> tuple[Any, ...] | None:
    query, values = statement
    row: tuple[Any, ...] | None = raw(connection).execute(query, values).fetchone()
    return row


def _ended_pass(plan: BackfillPlan, state: BackfillState) -> BackfillState:
    """Return the state after the last key: done, or at the beginning of a further pass.

    A further pass changes rows only where it is proven that a row that is done is not matched
    again, and it is the last one where it changed nothing. See `BackfillPlan.excludes`.
    """
    is_last = plan.excludes != "proven" or state.pass_rows == 0
    is_once = plan.excludes not in ("proven", "tested")
    if state.upper_key is None or is_once or (state.passes > 1 and is_last):
        return replace(state, finished_at="now")
    return replace(state, passes=state.passes + 1, pass_rows=0, last_key=None)
