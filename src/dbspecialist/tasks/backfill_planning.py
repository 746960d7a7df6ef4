"""Planning a backfill: the twin, the target database as it is read, and the receipt."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.backfill import state as states
from dbspecialist.engines.postgresql.backfill.table import raw, read_shape, read_target
from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.engines.postgresql.server import open_session, source_of
from dbspecialist.facts.backfill import (
    BackfillEstimate,
    BackfillLimits,
    BackfillPlan,
    BackfillReceipt,
)
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.proofs.backfill import Tried, try_backfill
from dbspecialist.proofs.backfill.estimate import estimate, matching_rows
from dbspecialist.proofs.backfill.trial import receipt_of
from dbspecialist.proofs.rates import Rates, read_rates
from dbspecialist.tasks.sources import read_source
from dbspecialist.twins.session_settings import session_settings
from dbspecialist.twins.stage import Stage, open_stage
from dbspecialist.twins.variables import shown_variables

Connection = psycopg.Connection[Any]

#: What the meaning of a statement's values and names depends on.
SETTINGS = ("TimeZone", "DateStyle", "IntervalStyle", "default_text_search_config", "search_path")
APPLICATION = "dbspecialist backfill plan"


@dataclass(frozen=True)
class Asked:
    """What a plan is made of.

    Args:
        text: The statement, "" where a receipt has it.
        database: The target's URL, or nothing.
        snapshot: What the twin is made of, or nothing.
        volatile: Whether assignments may call volatile functions.
        limits: How much the job may ask of the server.
        state_table: The table that holds how far the job has come.
    """

    text: str
    database: str | None
    snapshot: str | PathLike[str] | Snapshot | None
    volatile: bool
    limits: BackfillLimits
    state_table: str


@dataclass(frozen=True)
class Planned:
    """A receipt, what the job takes, and what the reader should know."""

    receipt: BackfillReceipt
    estimate: BackfillEstimate | None
    notes: tuple[str, ...] = ()


def make_plan(asked: Asked, tell: Any) -> Planned:
    """Try the statement on a twin and read the target table.

    Raises:
        InputError: Where it cannot be taken in batches, or is not what the target has.
    """
    settings = _settings_of(asked.database) if asked.database else {}
    snapshot = _snapshot(asked, tell)
    tell("trying the statement on a twin")
    with open_stage(snapshot) as stage:
        settings = settings or _defaults(snapshot)
        tried = try_backfill(stage, snapshot, asked.text, settings, volatile=asked.volatile)
        rates = read_rates(stage.cluster)
        if asked.database:
            tell("reading the table")
            return _of_database(asked, asked.database, tried, rates)
        return _of_snapshot(asked, stage, tried, rates)


def refuse_lost_receipt(url: str, old: BackfillReceipt, path: Path) -> None:
    """Refuse to write over the receipt of a job that is half done: nothing else can end it.

    Raises:
        InputError: With that job.
    """
    table = old.plan.state_table
    with _reading(url) as connection:
        try:
            if raw(connection).execute("SELECT to_regclass($1)", [table]).fetchone() == (None,):
                return
            state = states.read(connection, table, old.job)
        except psycopg.errors.InsufficientPrivilege:
            return  # whoever may not read it did not begin the job
    if state is not None and not state.is_done:
        raise InputError(
            f"is the receipt of job {old.job}, which is half done",
            str(path),
            "end that job first, or name another file",
        )


def _snapshot(asked: Asked, tell: Any) -> Snapshot:
    if isinstance(asked.snapshot, Snapshot):
        return asked.snapshot
    found = read_source(asked.snapshot, tell)
    if found is not None:
        return found
    if asked.database is None:
        raise InputError(
            "nothing is named that the statement could be tried on",
            "",
            "give --database URL or --snapshot FILE",
        )
    tell("reading the catalogues")
    with shown_variables():
        return capture(asked.database, workload=False)


def _defaults(snapshot: Snapshot) -> dict[str, str]:
    known = session_settings(snapshot)
    return {name: known[name] for name in SETTINGS if name in known}


@contextmanager
def _reading(url: str) -> Iterator[Connection]:
    with (
        shown_variables(),
        open_session(
            url,
            connect_timeout=5,
            statement_timeout_ms=30_000,
            lock_timeout_ms=1000,
            isolation="READ COMMITTED",
            application=APPLICATION,
        ) as session,
    ):
        yield session.connection


def _settings_of(url: str) -> dict[str, str]:
    with _reading(url) as connection:
        query = "SELECT name, current_setting(name) FROM unnest($1::text[]) AS name"
        found = dict(raw(connection).execute(query, [list(SETTINGS)]).fetchall())
    style, _, order = found["DateStyle"].partition(", ")
    return {**found, "DateStyle": f"ISO, {order or style}"}


def _of_database(asked: Asked, url: str, tried: Tried, rates: Rates) -> Planned:
    with _reading(url) as connection:
        connection.execute("SET LOCAL search_path = ''")
        try:
            target = read_target(connection, tried.plan.relation)
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
            raise InputError(
                f"the database has no table {tried.plan.relation}",
                source_of(url),
                "take a snapshot of this database",
            ) from error
        if target.key != tried.plan.key:
            raise InputError(
                "the primary key is another one than in the snapshot",
                target.relation,
                "take the snapshot again",
            )
        shape = read_shape(connection, target, tried.plan.calls)
        plan = _signed(replace(tried.plan, shape=shape), asked)
        takes, notes = _takes(connection, plan, target.tuples, rates, asked.limits)
    return Planned(receipt_of(plan, tried.proofs), takes, notes)


def _of_snapshot(asked: Asked, stage: Stage, tried: Tried, rates: Rates) -> Planned:
    plan = _signed(tried.plan, asked)
    with stage.visitor(stage.template) as connection:
        takes, notes = _takes(connection, plan, tried.target.tuples, rates, asked.limits)
    return Planned(receipt_of(plan, tried.proofs), takes, notes)


def _signed(plan: BackfillPlan, asked: Asked) -> BackfillPlan:
    return replace(
        plan,
        text=one_line(asked.text),
        state_table=asked.state_table,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        nonce=secrets.token_hex(8),
    )


def one_line(text: str) -> str:
    """Return a statement with single spaces, as two writings of it are compared."""
    return " ".join(text.split()).removesuffix(";").rstrip()


def _takes(
    connection: Connection, plan: BackfillPlan, tuples: float, rates: Rates, limits: BackfillLimits
) -> tuple[BackfillEstimate | None, tuple[str, ...]]:
    if tuples < 0:
        return None, (f"{plan.relation} was never analyzed, so no size is known",)
    try:
        matching = matching_rows(connection, plan)
    except psycopg.errors.InsufficientPrivilege:
        return None, (f"the role may not read {plan.relation}, so no size is known",)
    basis = "rows as the planner knows them, rates of this machine"
    return estimate(tuples, matching, rates, limits, basis), ()
