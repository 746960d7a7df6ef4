"""The state table: one row a job, locked by each batch and written in its transaction."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.backfill.table import raw
from dbspecialist.facts.backfill import BackfillReceipt, BackfillState, Key
from dbspecialist.facts.errors import InputError

Connection = psycopg.Connection[Any]

#: The columns as `BackfillState` has them.
_COLUMNS = (
    "job, fence, upper_key, last_key, passes, batches, keys, rows, pass_rows, estimate,"
    " started_at, finished_at"
)


def refuse_odd_name(table: str) -> None:
    """Refuse a name of the state table that is not `schema.name`.

    Raises:
        InputError: Where it is something else: the name goes into statements as it is.
    """
    if not _NAME.fullmatch(table):
        raise InputError(
            "is no name of a table with its schema",
            table,
            "write --state-table as schema.name, quoted as in SQL",
        )


_PART = r'(?:[a-z_][a-z0-9_$]*|"[^"]+")'
_NAME = re.compile(rf"{_PART}\.{_PART}")


def definition(table: str) -> str:
    """Return the SQL that makes the state table."""
    return f"""CREATE TABLE IF NOT EXISTS {table} (
    job text PRIMARY KEY,
    relation text NOT NULL,
    statement text NOT NULL,
    plan_hash text NOT NULL,
    fingerprint text NOT NULL,
    fence bigint NOT NULL DEFAULT 0,
    upper_key text[],
    last_key text[],
    passes integer NOT NULL DEFAULT 1,
    batches bigint NOT NULL DEFAULT 0,
    keys bigint NOT NULL DEFAULT 0,
    rows bigint NOT NULL DEFAULT 0,
    pass_rows bigint NOT NULL DEFAULT 0,
    estimate bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz
)"""


def ensure_table(connection: Connection, table: str, role: str) -> None:
    """Make the state table where it is missing.

    Raises:
        InputError: Where the role may not make it.
    """
    if raw(connection).execute("SELECT to_regclass($1)", [table]).fetchone() != (None,):
        return
    try:
        connection.execute(definition(table).encode())
    except psycopg.errors.UniqueViolation:  # a second copy made it at the same moment
        return
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidSchemaName) as error:
        raise InputError(
            f"the state table cannot be made ({error.diag.message_primary})",
            table,
            f"let its owner make it and grant SELECT, INSERT, UPDATE to {role},"
            " or name another place with --state-table",
        ) from error


_OWNER = """
SELECT pg_get_userbyid(s.relowner), s.relkind = 'r' AND (
         pg_has_role(current_user, s.relowner, 'MEMBER') OR s.relowner = t.relowner
         OR r.rolsuper OR s.relowner = d.datdba)
  FROM pg_class s JOIN pg_roles r ON r.oid = s.relowner, pg_class t, pg_database d
 WHERE s.oid = $1::text::regclass AND t.oid = $2::bigint::oid AND d.datname = current_database()
"""


def refuse_strange_owner(connection: Connection, table: str, target: int) -> None:
    """Refuse a state table whose owner could have put triggers there that run as our role.

    Raises:
        InputError: Where it is not the role's own, nor the target's or the database's owner's, nor
            a superuser's.
    """
    row = raw(connection).execute(_OWNER, [table, target]).fetchone()
    assert row is not None
    if not row[1]:
        raise InputError(
            f"is no table of this role or of the target's owner, but of {row[0]}",
            table,
            "drop it, or name another place with --state-table",
        )


def enter(
    connection: Connection, receipt: BackfillReceipt, upper: Key | None, estimate: int
) -> None:
    """Write the row of a job that has none yet: what is the last key now is its upper bound."""
    raw(connection).execute(
        f"INSERT INTO {receipt.plan.state_table} (job, relation, statement, plan_hash,"
        " fingerprint, upper_key, estimate) VALUES ($1, $2, $3, $4, $5, $6::text[], $7)"
        " ON CONFLICT (job) DO NOTHING",
        [
            receipt.job,
            receipt.plan.relation,
            receipt.plan.statement,
            receipt.plan_hash,
            receipt.fingerprint,
            None if upper is None else list(upper),
            estimate,
        ],
    )


_HALF_DONE = """
SELECT job FROM {} WHERE relation = $1 AND statement = $2 AND job <> $3 AND finished_at IS NULL
"""


def refuse_half_done(connection: Connection, receipt: BackfillReceipt) -> None:
    """Refuse to begin a statement anew of which another job is half done.

    Raises:
        InputError: With that job: rows that it has done would be done again.
    """
    plan = receipt.plan
    query = _HALF_DONE.format(plan.state_table)
    given = [plan.relation, plan.statement, receipt.job]
    row = raw(connection).execute(query, given).fetchone()
    if row is not None:
        raise InputError(
            f"job {row[0]} of the same statement is half done",
            plan.state_table,
            "end it with its own receipt, or delete its row to begin anew",
        )


def read(connection: Connection, table: str, job: str) -> BackfillState | None:
    """Read the row of a job."""
    row = raw(connection).execute(f"SELECT {_COLUMNS} FROM {table} WHERE job = $1", [job])
    return _state(row.fetchone())


def take_over(connection: Connection, table: str, job: str, fence: int | None) -> BackfillState:
    """Raise the job's fence and return its state: who wrote with an older one can no longer.

    It waits for a batch that is still in its transaction.

    Args:
        fence: The fence this process had before it lost its connection; nothing at the start.

    Raises:
        InputError: Where another copy has started since.
    """
    same = "" if fence is None else " AND fence = $2"
    given = [job] if fence is None else [job, fence]
    found = _state(
        raw(connection)
        .execute(
            f"UPDATE {table} SET fence = fence + 1, updated_at = clock_timestamp()"
            f" WHERE job = $1{same} RETURNING {_COLUMNS}",
            given,
        )
        .fetchone()
    )
    if found is None:
        raise taken_over(table, job)
    return found


def lock(connection: Connection, table: str, job: str, fence: int) -> BackfillState:
    """Lock the job's row for this transaction and return it as it is under the lock.

    Raises:
        InputError: Where another copy has started since.
    """
    row = raw(connection).execute(
        f"SELECT {_COLUMNS} FROM {table} WHERE job = $1 AND fence = $2 FOR UPDATE", [job, fence]
    )
    found = _state(row.fetchone())
    if found is None:
        raise taken_over(table, job)
    return found


def advance(connection: Connection, table: str, state: BackfillState) -> BackfillState:
    """Write how far the job has come, in the transaction that holds the row's lock."""
    written = raw(connection).execute(
        f"UPDATE {table} SET last_key = $2::text[], passes = $3, batches = $4, keys = $5,"
        " rows = $6, pass_rows = $7, updated_at = clock_timestamp(),"
        " finished_at = CASE WHEN $8 THEN clock_timestamp() END WHERE job = $1"
        f" RETURNING {_COLUMNS}",
        [
            state.job,
            None if state.last_key is None else list(state.last_key),
            state.passes,
            state.batches,
            state.keys,
            state.rows,
            state.pass_rows,
            state.is_done,
        ],
    )
    return _state(written.fetchone()) or state


def taken_over(table: str, job: str) -> InputError:
    """Say that another copy carries the job on."""
    return InputError(
        f"another copy has taken job {job} over", table, "let it end; this one wrote nothing since"
    )


def _state(row: tuple[Any, ...] | None) -> BackfillState | None:
    if row is None:
        return None
    values: list[Any] = list(row)
    values[2:4] = [key and tuple(key) for key in row[2:4]]
    values[10:] = [_utc(moment) for moment in row[10:]]
    return BackfillState(*values)


def _utc(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""
