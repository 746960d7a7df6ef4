"""The runner: batch after batch until none is left, whatever the server and others do."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.backfill import state as states
from dbspecialist.engines.postgresql.backfill import statements
from dbspecialist.engines.postgresql.backfill.batch import Done, Job, MovedError, run_batch
from dbspecialist.engines.postgresql.backfill.lag import LagGauge
from dbspecialist.engines.postgresql.backfill.lease import take_lease
from dbspecialist.engines.postgresql.backfill.pace import Pace
from dbspecialist.engines.postgresql.backfill.session import (
    Access,
    connect,
    empty_search_path,
    refuse_unsuitable,
)
from dbspecialist.engines.postgresql.backfill.table import (
    Target,
    fingerprint,
    raw,
    read_shape,
    read_stamp,
    read_target,
    refuse_other_shape,
)
from dbspecialist.facts.backfill import BackfillReceipt, BackfillState, BackfillStep, Key
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.units import duration

Connection = psycopg.Connection[Any]
Tell = Callable[[BackfillStep], None]

#: A lock that another session holds, or a batch that took too long: it is tried again, smaller.
BUSY = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.QueryCanceled,
)
#: Classes of errors that one row can be the reason of: its values, a constraint, a trigger.
OF_A_ROW = ("21", "22", "23", "P0", "09", "27", "44")
#: How long the session that was cut off may hold the lease: longer than its keepalives take.
CUT_OFF_SECONDS = 60.0
#: How many passes look for rows that appeared meanwhile.
MOST_PASSES = 10


@dataclass
class Runner:
    """Carries one receipt out.

    Args:
        access: Where to, and as whom.
        receipt: What was tried.
        table: The state table.
        tell: Told after each batch, and when the job waits.
    """

    access: Access
    receipt: BackfillReceipt
    table: str
    tell: Tell
    pace: Pace = field(init=False)
    gauge: LagGauge = field(default_factory=LagGauge)
    unseen_standbys: int = 0
    _connection: Connection | None = None
    _job: Job | None = None
    _waited_since: float | None = None
    _first_pass: int = 1

    def __post_init__(self) -> None:
        self.pace = Pace(self.access.limits)

    def run(self) -> BackfillState:
        """Begin or resume the job and carry it out to its end.

        Raises:
            InputError: Where it cannot begin, or cannot go on; what is done stays done.
        """
        try:
            state = self._start()
            while not state.is_done:
                state = self._step(state)
            return state
        finally:
            if self._connection is not None:
                self._connection.close()

    def _start(self) -> BackfillState:
        connection = self._connection = connect(self.access)
        refuse_unsuitable(connection, self.access)
        take_lease(connection, self.receipt.job)
        target, stamp = self._look(connection)
        states.ensure_table(connection, self.table, self.access.role)
        known = states.read(connection, self.table, self.receipt.job)
        if known is None:
            states.enter(connection, self.table, self.receipt, self._upper(), int(target.tuples))
        elif known.is_done:
            return known
        state = self._enter(connection, target, stamp, None)
        self._first_pass = state.passes
        return state

    def _enter(
        self, connection: Connection, target: Target, stamp: str, fence: int | None
    ) -> BackfillState:
        state = self._patiently(
            lambda: states.take_over(connection, self.table, self.receipt.job, fence)
        )
        plan = self.receipt.plan
        self._job = Job(plan, self.receipt.job, self.table, target.oid, state.fence, stamp)
        self.tell(BackfillStep(state, self.pace.rows))
        return state

    def _look(self, connection: Connection) -> tuple[Target, str]:
        """Compare the table with the plan; the stamp is read first, so no change is missed."""
        plan = self.receipt.plan
        try:
            with empty_search_path(connection):
                target = read_target(connection, plan.relation)
                stamp = read_stamp(connection, target.oid, plan.calls)
                shape = read_shape(connection, target, plan.calls)
        except psycopg.errors.UndefinedTable as error:
            raise InputError(
                "the table is not there", plan.relation, "make a plan for this database"
            ) from error
        refuse_other_shape(plan.relation, plan.shape, shape)
        assert fingerprint(shape) == self.receipt.fingerprint
        return target, stamp

    def _upper(self) -> Key | None:
        assert self._connection is not None
        row = raw(self._connection).execute(statements.last_key(self.receipt.plan)).fetchone()
        return tuple(row) if row else None

    def _step(self, state: BackfillState) -> BackfillState:
        """Carry one batch out, or wait for what is in its way."""
        assert self._connection is not None and self._job is not None
        try:
            if self._lags(state):
                return state
            done = run_batch(self._connection, self._job, self.pace.rows)
        except MovedError:
            _, stamp = self._look(self._connection)
            self._job = replace(self._job, stamp=stamp)
            return state
        except BUSY as error:
            self._wait(state, _words(error), self.pace.refused())
            return state
        except psycopg.Error as error:
            if self._connection.closed:
                return self._reconnected(state)
            if self.pace.rows > 1 and str(error.sqlstate)[:2] in OF_A_ROW:
                self.pace.rows = max(1, self.pace.rows // 4)  # to come to the row itself
                return state
            raise self._refused(error) from error
        return self._committed(done, state)

    def _committed(self, done: Done, before: BackfillState) -> BackfillState:
        self._waited_since = None
        rows = self.pace.rows
        rest = self.pace.done(done.keys, done.ms)
        self.tell(BackfillStep(done.state, rows, done.ms))
        if done.state.passes >= self._first_pass + MOST_PASSES:
            raise InputError(
                f"rows that match keep coming ({before.pass_rows} in the last of"
                f" {MOST_PASSES} passes)",
                self.receipt.plan.relation,
                "let the application write the new value first, then run it again",
            )
        if not done.state.is_done:
            time.sleep(rest / 1000)
        return done.state

    def _lags(self, state: BackfillState) -> bool:
        """Wait once where a standby is too far behind, and tell whether that was so."""
        assert self._connection is not None
        lag = self.gauge.read(self._connection)
        self.unseen_standbys = max(self.unseen_standbys, lag.unseen)
        if lag.ms <= self.access.limits.max_lag_ms:
            return False
        self._wait(state, f"a standby is {duration(lag.ms)} behind", self.pace.waited())
        return True

    def _wait(self, state: BackfillState | None, why: str, pause_ms: float) -> None:
        """Pause, and stop where the patience of the limits is used up."""
        now = time.monotonic()
        self._waited_since = self._waited_since or now
        patience = self.access.limits.patience_ms
        if (now - self._waited_since) * 1000 > patience:
            raise InputError(
                f"gave up after {duration(patience)}: {why}",
                self.receipt.plan.relation,
                "run it again, it goes on where it stopped",
            )
        if state is not None:
            self.tell(BackfillStep(state, self.pace.rows, waiting=why))
        time.sleep(pause_ms / 1000)

    def _patiently(self, ask: Callable[[], BackfillState]) -> BackfillState:
        while True:
            try:
                return ask()
            except BUSY as error:
                self._wait(None, _words(error), self.pace.waited())

    def _reconnected(self, state: BackfillState) -> BackfillState:
        """Come back after the connection was lost, unless another copy has started since."""
        assert self._connection is not None and self._job is not None
        self._connection.close()
        fence = self._job.fence
        while True:
            self._wait(state, "the connection is lost", self.pace.waited())
            try:
                return self._resume(fence)
            except psycopg.OperationalError:
                continue
            except InputError as refused:
                if not _is_away(refused):
                    raise

    def _resume(self, fence: int) -> BackfillState:
        connection = self._connection = connect(self.access)
        refuse_unsuitable(connection, self.access)
        take_lease(connection, self.receipt.job, seconds=CUT_OFF_SECONDS)
        target, stamp = self._look(connection)
        return self._enter(connection, target, stamp, fence)

    def _refused(self, error: psycopg.Error) -> InputError:
        """Say what the server refuses, and at which row where it came down to one."""
        words = error.diag.message_primary or str(error).strip().splitlines()[0]
        return InputError(
            f"the server refuses the batch{self._place()}: {words} ({error.sqlstate})",
            self.receipt.plan.relation,
            "mend the row or the statement; what is done stays done",
        )

    def _place(self) -> str:
        assert self._connection is not None
        if self.pace.rows > 1:
            return ""
        try:
            row = self._next_key(self._connection)
        except psycopg.Error:  # the server has more to refuse; the first reason is told
            return ""
        names = (item.name for item in self.receipt.plan.key)
        pairs = (f"{name} = {value}" for name, value in zip(names, row, strict=False))
        return " at the row with " + ", ".join(pairs) if row else ""

    def _next_key(self, connection: Connection) -> Key:
        state = states.read(connection, self.table, self.receipt.job)
        if state is None or state.upper_key is None:
            return ()
        query, values = statements.bound(self.receipt.plan, state.last_key, state.upper_key, 1)
        return tuple(raw(connection).execute(query, values).fetchone() or ())


def _is_away(refused: InputError) -> bool:
    """Tell whether a refused connection may come about later."""
    return refused.what in (
        "no server answers there",
        "the server did not answer in time",
        "the server has no connection left",
    ) or any(word in refused.what for word in ("starting up", "shutting down", "recovery"))


def _words(error: psycopg.Error) -> str:
    return error.diag.message_primary or str(error).strip().splitlines()[0]
