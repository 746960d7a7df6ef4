"""What a statement's values and its choice of rows follow from, as the engine judges it."""

from __future__ import annotations

from typing import Any

import psycopg

from dbspecialist.engines.postgresql.backfill.reading import Statement
from dbspecialist.engines.postgresql.backfill.table import raw
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.proof import Proof

Connection = psycopg.Connection[Any]

OWN_ROW = "each row's new values follow from that row alone"

#: Functions that are stable within a transaction and move from batch to batch.
_CLOCK = frozenset({"now()", "transaction_timestamp()", "statement_timestamp()"})
_FUNCTIONS = """
SELECT oid::regprocedure::text, provolatile::text, pronamespace <> 'pg_catalog'::regnamespace
  FROM pg_proc WHERE oid = ANY ($1::bigint[]::oid[]) ORDER BY 1
"""


def own_functions(connection: Connection, statement: Statement) -> tuple[str, ...]:
    """Return the functions of the database's own that a statement calls, schema-qualified."""
    called = sorted(statement.set_functions | statement.where_functions)
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL search_path = ''")
        rows = raw(connection).execute(_FUNCTIONS, [called]).fetchall()
    return tuple(name for name, _, is_own in rows if is_own)


def refuse_moving(connection: Connection, statement: Statement, *, volatile: bool) -> None:
    """Refuse what gives another answer at each try.

    Raises:
        InputError: Where the condition reads a clock or a volatile function, or an assignment
            calls a volatile one and that was not allowed.
    """
    where = _named(connection, statement.where_functions)
    moving = [name for name, kind in where if kind == "v" or name in _CLOCK]
    if moving or statement.is_chosen_by_clock:
        what = moving[0] if moving else "the current time"
        raise InputError(
            f"the condition reads {what}, so which rows it matches changes while the job runs",
            statement.relation,
            "write the value itself",
        )
    random = [name for name, kind in _named(connection, statement.set_functions) if kind == "v"]
    if random and not volatile:
        raise InputError(
            f"{random[0]} gives another value at each call, so no trial can tell what a row gets",
            statement.relation,
            "say --volatile where any value will do; each row gets its value once",
        )


def _named(connection: Connection, functions: frozenset[int]) -> list[tuple[str, str]]:
    rows = raw(connection).execute(_FUNCTIONS, [sorted(functions)]).fetchall()
    return [(name, kind) for name, kind, _ in rows]


def own_row(connection: Connection, statement: Statement) -> Proof:
    """Say whether new values follow from the row alone.

    An index takes an expression only where all it calls is immutable and where it reads its own
    row alone (PostgreSQL manual, "Indexes on Expressions", "Function Volatility Categories").
    """
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(
                f"CREATE TEMP TABLE {statement.alias} (LIKE {statement.relation})".encode()
            )
            for item in statement.assignments:
                connection.execute(
                    f"CREATE INDEX ON pg_temp.{statement.alias}"
                    f" (((({item.expression})) IS NULL))".encode()
                )
    except psycopg.errors.InvalidObjectDefinition:
        named = _named(connection, statement.set_functions)
        unstable = [f"{name} ({_WORDS[kind]})" for name, kind in named if kind != "i"]
        what = ", ".join(unstable) or "the current time or a session's setting"
        basis = f"the assignments call {what}: a row gets the value of its batch's transaction"
        return Proof(OWN_ROW, "unchecked", basis)
    except psycopg.Error as error:
        reason = error.diag.message_primary or str(error)
        return Proof(OWN_ROW, "unchecked", f"the engine could not be asked: {reason}")
    return Proof(OWN_ROW, "proven", "the engine takes the assignments as index expressions")


_WORDS = {"s": "stable", "v": "volatile", "i": "immutable"}
