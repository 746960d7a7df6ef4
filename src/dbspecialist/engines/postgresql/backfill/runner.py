"""The runner: batch after batch until none is left, whatever the server and others do."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg

from dbspecialist.engines.postgresql.backfill.batch import Done, MovedError, run_batch
from dbspecialist.engines.postgresql.backfill.lag import LagGauge
from dbspecialist.engines.postgresql.backfill.link import Link
from dbspecialist.engines.postgresql.backfill.pace import Pace
from dbspecialist.engines.postgresql.backfill.session import Access, AwayError
from dbspecialist.facts.backfill import BackfillReceipt, BackfillState, BackfillStep
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.units import duration

Tell = Callable[[BackfillStep], None]

#: A lock that another session holds, or a batch that took too long: it is tried again, smaller.
BUSY = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.QueryCanceled,
)
#: Classes of errors that one row can be the reason of: its values, a constraint, a trigger.
OF_A_ROW = ("09", "21", "22", "23", "27", "44", "P0")
#: How many passes look for rows that appeared meanwhile.
MOST_PASSES = 10


@dataclass
class Runner:
    """Carries one receipt out.

    Args:
        access: Where to, and as whom.
        receipt: What was tried.
        tell: Told after each batch, and when the job waits.
    """

    access: Access
    receipt: BackfillReceipt
    tell: Tell
    unseen_standbys: int = 0
    pace: Pace = field(init=False)
    link: Link = field(init=False)
    _gauge: LagGauge = field(default_factory=LagGauge)
    _waited_since: float | None = None
    _first_pass: int = 1

    def __post_init__(self) -> None:
        self.pace = Pace(self.access.limits)
        self.link = Link(self.access, self.receipt, self._patiently)

    def run(self) -> BackfillState:
        """Begin or resume the job and carry it out to its end.

        Raises:
            InputError: Where it cannot begin, or cannot go on; what is done stays done.
        """
        try:
            state = self._opened()
            self._first_pass = state.passes
            while not state.is_done:
                state = self._step(state)
            return state
        finally:
            self.link.close()

    def _opened(self) -> BackfillState:
        """Open the link, again and again where the server is lost meanwhile."""
        while True:
            try:
                state = self.link.open()
            except psycopg.Error as error:
                if not self.link.is_lost:
                    raise self._refused(error) from error
            except AwayError:
                if self.link.job is None:
                    raise  # nothing was begun: the URL may be wrong
            else:
                self.tell(BackfillStep(state, self.pace.rows))
                return state
            self._wait("the connection is lost", self.pace.waited())

    def _step(self, state: BackfillState) -> BackfillState:
        """Carry one batch out, or wait for what is in its way."""
        assert self.link.job is not None
        try:
            if self._lags(state):
                return state
            done = run_batch(self.link.connection, self.link.job, self.pace.rows)
        except MovedError:
            return self._mended(state, self.link.look_again)
        except psycopg.Error as error:
            return self._after(error, state)
        return self._committed(done, state)

    def _mended(self, state: BackfillState, mend: Callable[[], None]) -> BackfillState:
        try:
            mend()
        except psycopg.Error as error:
            return self._after(error, state)
        return state

    def _after(self, error: psycopg.Error, state: BackfillState) -> BackfillState:
        """Go on after an error: at once with fewer rows, after a pause, or on a new connection.

        Raises:
            InputError: Where the server will refuse it again.
        """
        if self.link.is_lost:
            self._wait("the connection is lost", self.pace.waited(), state)
            return self._opened()
        if isinstance(error, BUSY):
            self._wait(_words(error), self.pace.refused(), state)
            return state
        if self.pace.rows > 1 and str(error.sqlstate)[:2] in OF_A_ROW:
            self.pace.rows = max(1, self.pace.rows // 4)  # to come to the row itself
            return state
        raise self._refused(error) from error

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
        lag = self._gauge.read(self.link.connection)
        self.unseen_standbys = max(self.unseen_standbys, lag.unseen)
        if lag.ms <= self.access.limits.max_lag_ms:
            return False
        self._wait(f"a standby is {duration(lag.ms)} behind", self.pace.waited(), state)
        return True

    def _patiently(self, ask: Callable[[], BackfillState]) -> BackfillState:
        while True:
            try:
                return ask()
            except BUSY as error:
                self._wait(_words(error), self.pace.waited())

    def _wait(self, why: str, pause_ms: float, state: BackfillState | None = None) -> None:
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

    def _refused(self, error: psycopg.Error) -> InputError:
        """Say what the server refuses, and at which row where it came down to one."""
        return InputError(
            f"the server refuses the job{self._place()}: {_words(error)} ({error.sqlstate})",
            self.receipt.plan.relation,
            "mend that, then run it again; what is done stays done",
        )

    def _place(self) -> str:
        if self.pace.rows > 1 or self.link.is_lost:
            return ""
        try:
            key = self.link.next_key()
        except psycopg.Error:  # the server has more to refuse; the first reason is told
            return ""
        pairs = zip(self.receipt.plan.key, key, strict=False)
        named = ", ".join(f"{column.name} = {value}" for column, value in pairs)
        return f" at the row with {named}" if named else ""


def _words(error: psycopg.Error) -> str:
    return error.diag.message_primary or str(error).strip().splitlines()[0]
