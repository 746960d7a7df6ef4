"""Whether a row that is done is matched again, decided by the planner where it can be."""

from __future__ import annotations

from typing import Any

import psycopg

from dbspecialist.engines.postgresql.backfill.reading import Statement
from dbspecialist.engines.postgresql.backfill.table import Target, raw
from dbspecialist.facts.proof import Proof

Connection = psycopg.Connection[Any]

NOT_AGAIN = "a row that is done is not matched again"

_COLUMNS = """
SELECT attnum, quote_ident(attname), format_type(atttypid, atttypmod) FROM pg_attribute
 WHERE attrelid = $1::bigint::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""


def not_again(connection: Connection, statement: Statement, target: Target, own: Proof) -> Proof:
    """Ask the planner for rows that match the condition, are updated, and match it again.

    Where it answers that there can be none, it has proven that from the two conditions, the
    table's CHECK and NOT NULL constraints, and by evaluating what is constant
    (`constraint_exclusion`, PostgreSQL manual, "Query Planning").
    """
    obstacle = _obstacle(statement, target, own)
    if obstacle:
        return Proof(NOT_AGAIN, "unchecked", obstacle)
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("SET LOCAL constraint_exclusion = on")
            is_proven = _is_refuted(connection, _twice(connection, statement))
    except psycopg.Error as error:
        reason = error.diag.message_primary or str(error)
        return Proof(NOT_AGAIN, "unchecked", f"the planner could not be asked: {reason}")
    if is_proven:
        return Proof(NOT_AGAIN, "proven", "the planner refutes the condition on updated rows")
    return Proof(NOT_AGAIN, "unchecked", "the planner does not decide it")


def _is_refuted(connection: Connection, query: str) -> bool:
    """Tell whether the planner knows that a query has no row."""
    plan = connection.execute(f"EXPLAIN (FORMAT JSON) {query}".encode()).fetchone()
    assert plan is not None
    node = plan[0][0]["Plan"]
    return bool(node["Node Type"] == "Result" and node.get("One-Time Filter") == "false")


def _obstacle(statement: Statement, target: Target, own: Proof) -> str:
    if not statement.condition:
        return "there is no condition: every row is matched, once"
    if target.triggers:
        return f"triggers may change the row as well: {', '.join(target.triggers)}"
    if target.generated:
        return f"generated columns change with the row: {', '.join(target.generated)}"
    if own.verdict != "proven":
        return own.basis
    parts = [item.target for item in statement.assignments if not item.is_whole]
    return f"{parts[0]} is a part of a column" if parts else ""


def _twice(connection: Connection, statement: Statement) -> str:
    """Write the query for rows that match the condition before and after the update."""
    new = {item.target: item.expression for item in statement.assignments}
    columns = []
    for _, name, type_ in raw(connection).execute(_COLUMNS, [statement.oid]):
        value = f"({new[name]})::{type_}" if name in new else f"{statement.alias}.{name}"
        columns.append(f"{value} AS {name}")
    return (
        f"SELECT 1 FROM (SELECT {', '.join(columns)} FROM {_from(statement)}"
        f" WHERE {statement.condition}) AS {statement.alias}"
        f" WHERE {statement.condition}"
    )


def _from(statement: Statement) -> str:
    only = "ONLY " if statement.only else ""
    return f"{only}{statement.relation} AS {statement.alias}"
