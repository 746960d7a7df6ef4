"""The trial of a backfill: on a twin with sample rows, in one statement and in batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.backfill.reading import Statement, read_statement
from dbspecialist.engines.postgresql.backfill.runner import Runner
from dbspecialist.engines.postgresql.backfill.session import Access, empty_search_path
from dbspecialist.engines.postgresql.backfill.table import (
    Target,
    fingerprint,
    raw,
    read_shape,
    read_target,
)
from dbspecialist.engines.receipt_file import NAME_LENGTH, plan_hash
from dbspecialist.facts.backfill import (
    BackfillLimits,
    BackfillPlan,
    BackfillReceipt,
)
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.proofs.backfill.comparison import (
    SAME,
    TWICE,
    judge_again,
    judge_same,
    judge_twice,
)
from dbspecialist.proofs.backfill.exclusion import not_again
from dbspecialist.proofs.backfill.purity import own_functions, own_row, refuse_moving
from dbspecialist.proofs.backfill.samples import fitting, match_more
from dbspecialist.twins.rows import fill
from dbspecialist.twins.stage import Stage
from dbspecialist.twins.stage_roles import OWNER

Connection = psycopg.Connection[Any]


#: Sample rows, and rows of a batch: several batches, the last of them not full.
ROWS, BATCH = 40, 7
LIMITS = BackfillLimits(batch_rows=BATCH, largest_batch=BATCH, pause_ms=0.0, patience_ms=10_000.0)


@dataclass(frozen=True)
class Tried:
    """A plan without what only the target database knows, and what the trial showed."""

    plan: BackfillPlan
    target: Target
    proofs: tuple[Proof, ...]


def try_backfill(
    stage: Stage,
    snapshot: Snapshot,
    text: str,
    settings: Mapping[str, str],
    *,
    volatile: bool = False,
) -> Tried:
    """Read a statement on a twin and try it there.

    Args:
        stage: A twin of the database.
        snapshot: What it stands for.
        text: One UPDATE.
        settings: Session settings that the meaning of values depends on.
        volatile: Whether assignments may call volatile functions.

    Raises:
        InputError: Where the statement cannot be taken in batches by key, or sample rows show
            that batches do not do what it does.
    """
    with (
        stage.database() as database,
        _owner(stage, database, settings) as connection,
    ):
        statement = read_statement(connection, text)
        refuse_moving(connection, statement, volatile=volatile)
        with empty_search_path(connection):
            target = read_target(connection, statement.relation)
        plan = _plan(connection, statement, target, settings)
        own = own_row(connection, statement)
        again = not_again(connection, statement, target, own)
        triggers = _triggers(target)
    rows, tried = _on_rows(stage, snapshot, plan, target, own)
    if again.verdict == "unchecked" and rows is not None:
        again = rows
    plan = replace(plan, excludes=again.verdict)
    return Tried(plan, target, (own, again, *tried, *triggers))


def receipt_of(plan: BackfillPlan, proofs: Sequence[Proof]) -> BackfillReceipt:
    """Make the receipt of a plan."""
    hashed = plan_hash(plan)
    return BackfillReceipt(
        hashed[:NAME_LENGTH], plan, hashed, fingerprint(plan.shape), tuple(proofs)
    )


def _owner(stage: Stage, database: str, settings: Mapping[str, str]) -> Connection:
    connection = stage.cluster.connect(database, OWNER)
    connection.execute("SET client_min_messages = warning")
    for name, value in settings.items():
        raw(connection).execute("SELECT set_config($1, $2, false)", [name, value])
    return connection


def _plan(
    connection: Connection, statement: Statement, target: Target, settings: Mapping[str, str]
) -> BackfillPlan:
    names = [item.name for item in target.key]
    numbers = dict(
        raw(connection)
        .execute(
            "SELECT quote_ident(attname), attnum::int FROM pg_attribute"
            " WHERE attrelid = $1::bigint::oid",
            [target.oid],
        )
        .fetchall()
    )
    moved = [name for name in names if numbers[name] in statement.columns]
    if moved:
        raise InputError(
            f"the statement sets {moved[0]}, a column of the primary key by which its rows are"
            " taken in batches",
            target.relation,
            "change keys by hand, or in a new column",
        )
    by_number = {number: name for name, number in numbers.items()}
    assignments = ", ".join(f"{item.target} = {item.expression}" for item in statement.assignments)
    return BackfillPlan(
        relation=statement.relation,
        alias=statement.alias,
        only=statement.only,
        assignments=assignments,
        condition=statement.condition,
        targets=tuple(by_number[number] for number in statement.columns),
        key=target.key,
        settings={name: value for name, value in settings.items() if name != "search_path"},
        calls=own_functions(connection, statement),
    )


def _triggers(target: Target) -> tuple[Proof, ...]:
    claim = f"no trigger of {target.relation} fires for its updated rows"
    if not target.triggers:
        return (Proof(claim, "proven", "read from the catalogue"),)
    names = ", ".join(target.triggers)
    return (Proof(claim, "refuted", f"{names}: fired as for any UPDATE of the application"),)


def _on_rows(
    stage: Stage, snapshot: Snapshot, plan: BackfillPlan, target: Target, own: Proof
) -> tuple[Proof | None, tuple[Proof, ...]]:
    """Run the statement at once and in batches, and compare; then run it once more."""
    with stage.database() as filled:
        with stage.visitor(filled) as connection:
            fill(
                connection,
                snapshot.catalogue,
                snapshot,
                rows_per_table=ROWS,
                tables=[plan.relation],
            )
            match_more(connection, plan)
            taken = fitting(connection, plan, snapshot)
        again, tried = _compared(stage, plan, target, own, filled)
        return again, (taken, *tried)


def _compared(
    stage: Stage, plan: BackfillPlan, target: Target, own: Proof, filled: str
) -> tuple[Proof | None, tuple[Proof, ...]]:
    with stage.database(filled) as whole, _owner(stage, whole, plan.settings) as connection:
        changed = _run_whole(connection, plan)
        if not changed:
            why = "no sample row matches the condition"
            return None, (Proof(SAME, "unchecked", why), Proof(TWICE, "unchecked", why))
        done = _rows(connection, plan)
        again = judge_again(changed, _count(connection, plan))
        _run_whole(connection, plan)
        twice = judge_twice(done, _rows(connection, plan), changed, own)
    with stage.database(filled) as parts:
        in_batches = _run_batches(stage, plan, target, parts)
        with _owner(stage, parts, plan.settings) as connection:
            same = judge_same(
                done, _rows(connection, plan), (changed, in_batches), own, batch=BATCH
            )
    if same.verdict == "refuted":
        raise InputError(f"{SAME}: refuted on a twin, {same.basis}", plan.relation, "do it by hand")
    return again, (same, twice)


def _run_whole(connection: Connection, plan: BackfillPlan) -> int:
    try:
        return raw(connection).execute(plan.statement).rowcount
    except psycopg.Error as error:  # each row alone was taken
        raise InputError(
            f"the engine refuses it on sample rows: {error.diag.message_primary}"
            f" ({error.sqlstate})",
            plan.relation,
            "mend the statement",
        ) from error


def _run_batches(stage: Stage, plan: BackfillPlan, target: Target, database: str) -> int:
    with _owner(stage, database, {}) as connection, empty_search_path(connection):
        shape = read_shape(connection, target, plan.calls)
    tried = replace(plan, shape=shape, excludes="refuted")
    access = Access(
        stage.cluster.url(database, OWNER),
        OWNER,
        superuser=False,
        settings=plan.settings,
        limits=BackfillLimits(
            batch_rows=BATCH, largest_batch=BATCH, pause_ms=0.0, patience_ms=10_000.0
        ),
    )
    return Runner(access, receipt_of(tried, ()), lambda _step: None).run().rows


def _rows(connection: Connection, plan: BackfillPlan) -> dict[str, str]:
    """Return each row as text by its key."""
    keys = ", ".join(f"t.{item.name}" for item in plan.key)
    query = f"SELECT ROW({keys})::text, t::text FROM {plan.relation} AS t"
    return dict(connection.execute(query.encode()).fetchall())


def _count(connection: Connection, plan: BackfillPlan) -> int:
    condition = f" WHERE {plan.condition}" if plan.condition else ""
    query = f"SELECT count(*) FROM {plan.relation} AS {plan.alias}{condition}"
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])
