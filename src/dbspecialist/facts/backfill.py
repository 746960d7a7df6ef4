"""Backfills: a long data change cut into batches, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dbspecialist.facts.proof import Proof, Verdict

#: The table in the target database that holds how far each job has come.
STATE_TABLE = "public.dbs_backfills"

#: One key as text, a value for each column of the primary key.
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """A column of the primary key: its name, quoted where it must be, and its type."""

    name: str
    type: str


@dataclass(frozen=True)
class BackfillPlan:
    """What is done to which rows, in the engine's own words.

    Args:
        relation: The table, schema-qualified and quoted.
        alias: What the assignments and the condition call it.
        only: Whether the statement says ONLY.
        assignments: What stands between SET and WHERE, as the engine prints it.
        condition: What stands after WHERE, or "" where every row is meant.
        targets: The columns that are set, quoted.
        key: The columns of the primary key, in its order.
        settings: Session settings that the meaning of values depends on.
        calls: Functions of the database's own that the statement calls, as `regprocedure` text.
        excludes: The verdict on "a row that is done is not matched again". Where it is `proven`,
            rows that appeared meanwhile are looked for and done in further passes; where it is
            `tested`, they are counted; else each row is gone over once.
        shape: The table as the catalogue describes it, one line a fact.
        text: The statement as it was given, with single spaces.
        state_table: The table in the database that holds how far the job has come: part of the
            plan, so that a job is not begun a second time under another name.
        made_at: UTC, ISO 8601.
        nonce: What tells two plans of the same statement apart.
    """

    relation: str
    alias: str
    only: bool
    assignments: str
    condition: str
    targets: tuple[str, ...]
    key: tuple[KeyColumn, ...]
    settings: Mapping[str, str]
    calls: tuple[str, ...] = ()
    excludes: Verdict = "unchecked"
    shape: tuple[str, ...] = ()
    text: str = ""
    state_table: str = STATE_TABLE
    made_at: str = ""
    nonce: str = ""

    @property
    def statement(self) -> str:
        """The statement that the batches add up to."""
        only = "ONLY " if self.only else ""
        alias = f" {self.alias}" if self.alias != self.relation.rpartition(".")[2] else ""
        where = f" WHERE {self.condition}" if self.condition else ""
        return f"UPDATE {only}{self.relation}{alias} SET {self.assignments}{where}"


@dataclass(frozen=True)
class BackfillReceipt:
    """A plan that was tried on a twin: without one nothing is written to a database.

    Args:
        job: The job's name in the state table; a receipt is carried out once in a database.
        plan: What is done.
        plan_hash: SHA-256 of the plan.
        fingerprint: SHA-256 of the table's shape.
        proofs: What the trial showed.
    """

    job: str
    plan: BackfillPlan
    plan_hash: str
    fingerprint: str
    proofs: tuple[Proof, ...] = ()


@dataclass(frozen=True, slots=True)
class BackfillState:
    """How far a job has come, as its row in the state table says.

    Args:
        job: The receipt's job.
        fence: Which start of the job may write; each start raises it.
        upper_key: The last key there was at the beginning; nothing for an empty table.
        last_key: The last key of the batches that are done; nothing before the first.
        passes: 1 while rows are done for the first time, more while those are looked for that
            appeared meanwhile.
        batches: Batches that are done.
        keys: Rows that the batches of the first pass went over.
        rows: Rows that were changed.
        pass_rows: Those of them that were changed, or counted, in the pass at hand.
        estimate: Rows in the table at the beginning, as the planner knew them.
        started_at: When the job began, by the server's clock, ISO 8601.
        finished_at: When it ended, or "".
    """

    job: str
    fence: int
    upper_key: Key | None
    last_key: Key | None
    passes: int
    batches: int
    keys: int
    rows: int
    pass_rows: int
    estimate: int
    started_at: str = ""
    finished_at: str = ""

    @property
    def is_done(self) -> bool:
        """Whether the job has ended."""
        return bool(self.finished_at)


@dataclass(frozen=True, slots=True)
class BackfillLimits:
    """How much a backfill may ask of the server.

    A batch and a wait for a lock together stay below `deadlock_timeout` (1 s by default): the
    backfill lets go before the server would end a session of the application.

    Args:
        batch_rows: Rows of the first batch.
        largest_batch: The most rows of a batch.
        target_ms: How long a batch should take.
        lock_timeout_ms: How long a statement waits for a lock.
        statement_timeout_ms: How long a statement may take.
        pause_ms: How long to rest after a batch; nothing for a quarter of the batch's time.
        max_lag_ms: The replay lag of a standby above which the job waits.
        patience_ms: How long the job waits for a lock, a standby or the server before it stops.
    """

    batch_rows: int = 1000
    largest_batch: int = 50_000
    target_ms: float = 500.0
    lock_timeout_ms: float = 200.0
    statement_timeout_ms: float = 30_000.0
    pause_ms: float | None = None
    max_lag_ms: float = 10_000.0
    patience_ms: float = 900_000.0


@dataclass(frozen=True, slots=True)
class BackfillStep:
    """What a running backfill tells: where it stands, and what it waits for, if it waits."""

    state: BackfillState
    batch_rows: int
    batch_ms: float = 0.0
    waiting: str = ""


@dataclass(frozen=True, slots=True)
class BackfillEstimate:
    """What a job takes, by the planner's figures and the rates of the machine that tells.

    Args:
        rows: Rows in the table.
        matching: Rows that the condition matches.
        batches: Batches, once they have grown to the target time.
        duration_ms: From the first batch to the last, rests included.
        basis: Where the figures come from.
    """

    rows: float
    matching: float
    batches: int
    duration_ms: float
    basis: str


@dataclass(frozen=True)
class BackfillReport:
    """What one call of `backfill` did.

    Args:
        did: What the call was for.
        receipt: The plan with its proofs.
        state: How the job stands, where it ran.
        proofs: Claims about this call, those of the receipt left out.
        text: The job as a SQL script or a Python program, where that was asked for.
        notes: What the reader should know, one sentence each.
        estimate: What the job takes.
    """

    did: Literal["plan", "run", "dry run", "render"]
    receipt: BackfillReceipt
    state: BackfillState | None = None
    proofs: tuple[Proof, ...] = ()
    text: str = ""
    state_table: str = STATE_TABLE
    notes: tuple[str, ...] = ()
    estimate: BackfillEstimate | None = None
