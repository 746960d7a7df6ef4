"""The link between a job and its server: the session, the lease, the fence, the table as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.backfill import state as states
from dbspecialist.engines.postgresql.backfill import statements
from dbspecialist.engines.postgresql.backfill.batch import Job
from dbspecialist.engines.postgresql.backfill.lease import ENDING_SECONDS, take_lease
from dbspecialist.engines.postgresql.backfill.session import (
    Access,
    configure,
    connect,
    refuse_unsuitable,
)
from dbspecialist.engines.postgresql.backfill.table import (
    Target,
    raw,
    read_shape,
    read_stamp,
    read_target,
    refuse_other_shape,
)
from dbspecialist.facts.backfill import BackfillReceipt, BackfillState, Key
from dbspecialist.facts.errors import InputError

Connection = psycopg.Connection[Any]
#: Calls something that may have to wait for a lock until it does not.
Patiently = Callable[[Callable[[], BackfillState]], BackfillState]

#: How long the session that was cut off may hold the lease: longer than its keepalives take.
CUT_OFF_SECONDS = 60.0


class Link:
    """A session that may write for a job; opened anew when the connection is lost."""

    def __init__(self, access: Access, receipt: BackfillReceipt, patiently: Patiently) -> None:
        self.access, self.receipt, self._patiently = access, receipt, patiently
        self._connection: Connection | None = None
        self.job: Job | None = None

    @property
    def connection(self) -> Connection:
        """The open session."""
        assert self._connection is not None
        return self._connection

    @property
    def is_lost(self) -> bool:
        """Whether a session was there and is closed."""
        return self._connection is not None and self._connection.closed

    def close(self) -> None:
        """End the session, where one is open."""
        if self._connection is not None:
            self._connection.close()

    def open(self) -> BackfillState:
        """Begin the job or take it over, unless it is done.

        Raises:
            InputError: Where that is refused; psycopg's own errors where the server is lost.
        """
        fence = self.job.fence if self.job else None
        plan, job = self.receipt.plan, self.receipt.job
        self.close()
        connection = self._connection = connect(self.access)
        search_path = configure(connection, self.access)
        refuse_unsuitable(connection, self.access)
        take_lease(connection, job, seconds=ENDING_SECONDS if fence is None else CUT_OFF_SECONDS)
        target, stamp = self._look()
        if fence is None:
            known = self._begun(target)
            if known is not None and known.is_done:
                return known
        state = self._patiently(lambda: states.take_over(connection, plan.state_table, job, fence))
        self.job = Job(plan, job, state.fence, target.oid, stamp, search_path)
        return state

    def look_again(self) -> None:
        """Compare the table with the plan once more, after something about it has changed.

        Raises:
            InputError: Where it is another one now.
        """
        assert self.job is not None
        _, stamp = self._look()
        self.job = replace(self.job, stamp=stamp)

    def next_key(self) -> Key:
        """Return the key of the next row, as the state table has it."""
        state = states.read(self.connection, self.receipt.plan.state_table, self.receipt.job)
        if state is None or state.upper_key is None:
            return ()
        query, values = statements.bound(self.receipt.plan, state.last_key, state.upper_key, 1)
        return tuple(raw(self.connection).execute(query, values).fetchone() or ())

    def _begun(self, target: Target) -> BackfillState | None:
        """Return the state of a job that was begun before, and write that of a new one."""
        table, job = self.receipt.plan.state_table, self.receipt.job
        states.ensure_table(self.connection, table, self.access.role)
        states.refuse_strange_owner(self.connection, table, target.oid)
        known = states.read(self.connection, table, job)
        if known is None:
            states.refuse_half_done(self.connection, self.receipt)
            row = raw(self.connection).execute(statements.last_key(self.receipt.plan)).fetchone()
            upper = tuple(row) if row else None
            states.enter(self.connection, self.receipt, upper, max(0, int(target.tuples)))
        return known

    def _look(self) -> tuple[Target, str]:
        """Compare the table with the plan; the stamp is read first, so no change is missed."""
        plan = self.receipt.plan
        try:
            target = read_target(self.connection, plan.relation)
            stamp = read_stamp(self.connection, target.oid, plan.calls)
            shape = read_shape(self.connection, target, plan.calls)
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
            raise InputError(
                "the table is not there", plan.relation, "make a plan for this database"
            ) from error
        refuse_other_shape(plan.relation, plan.shape, shape)
        return target, stamp
