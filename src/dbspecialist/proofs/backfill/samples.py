"""The sample rows of a trial: half of them matched, and only such as the engine takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.backfill import statements
from dbspecialist.engines.postgresql.backfill.table import raw
from dbspecialist.facts.backfill import BackfillPlan, Key
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.snapshot import Snapshot

Connection = psycopg.Connection[Any]

TAKEN = "the engine takes the new values of each row"


def match_more(connection: Connection, plan: BackfillPlan) -> None:
    """Give every second sample row that is not matched the values of one that is."""
    condition = f" WHERE {plan.condition}" if plan.condition else ""
    source, keys = statements.source(plan), statements.key_texts(plan)
    matched = connection.execute(f"SELECT {keys} FROM {source}{condition}".encode()).fetchall()
    if not matched:
        return
    rest = connection.execute(
        f"SELECT {keys} FROM {source} ORDER BY {statements.key_order(plan)}".encode()
    ).fetchall()
    for key in [item for item in rest if item not in matched][::2]:
        try:
            with connection.transaction():
                connection.execute("SET LOCAL session_replication_role = replica")
                raw(connection).execute(*statements.copy_row(plan, matched[0], key))
        except psycopg.errors.IntegrityError:  # it stays as it is
            continue


def fitting(connection: Connection, plan: BackfillPlan, snapshot: Snapshot) -> Proof:
    """Take the sample rows out that the engine refuses to change, and say whether there are any."""
    keys = connection.execute(
        f"SELECT {statements.key_texts(plan)} FROM {statements.source(plan)}".encode()
    ).fetchall()
    refused: dict[Key, str] = {}
    for key in keys:
        try:
            with connection.transaction(force_rollback=True):
                raw(connection).execute(*statements.update_row(plan, key))
        except psycopg.Error as error:
            refused[key] = f"{error.diag.message_primary} ({error.sqlstate})"
            with connection.transaction():
                connection.execute("SET LOCAL session_replication_role = replica")
                raw(connection).execute(*statements.delete_row(plan, key))
    if refused and len(refused) == len(keys):
        raise InputError(
            f"the engine refuses it on every sample row: {next(iter(refused.values()))}",
            plan.relation,
            "mend the statement",
        )
    return _taken(len(keys), refused, bool(snapshot.relation.get(plan.relation)))


def _taken(rows: int, refused: Mapping[Key, str], is_like_production: bool) -> Proof:
    if not refused:
        return Proof(TAKEN, "tested", f"{rows} sample rows, one by one", tries=max(rows, 1))
    (key, why), *_ = refused.items()
    basis = f"{len(refused)} of {rows} sample rows are refused, that of key {', '.join(key)}: {why}"
    if is_like_production:
        return Proof(TAKEN, "refuted", basis)
    return Proof(TAKEN, "unchecked", f"{basis}; their values are made up, without statistics")
