"""Claims asked of the database itself: one read-only session, each query bounded.

Every query runs in a subtransaction of its own that is rolled back, so that no lock outlives it,
and READ COMMITTED keeps no snapshot between them. Row security is off: a query that it would
filter is refused, since rows that cannot be seen prove nothing (PostgreSQL manual, "row_security").
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.server import Session, open_session
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.data_fit import Claim, DataFit
from dbspecialist.facts.proof import Proof
from dbspecialist.proofs.data_fit.words import shortened, told, undecided

#: The class of errors that values lead to (PostgreSQL manual, "PostgreSQL Error Codes").
DATA_EXCEPTION = "22"

APPLICATION = "dbspecialist prove"

#: How long the one query on the catalogue may take, in milliseconds.
_CATALOGUE_MS = 30_000

_TIMEOUTS = """
    select set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true)"""
_SETTINGS = """
    select set_config('row_security', 'off', true), set_config('search_path', '', true),
           set_config('DateStyle', 'ISO, YMD', true), set_config('TimeZone', 'UTC', true)"""


def ask(
    url: str,
    claims: Iterable[Claim],
    expected: Catalogue,
    *,
    redacted: bool = False,
    connect_timeout: int = 5,
    statement_timeout_ms: int = 5_000,
    lock_timeout_ms: int = 500,
) -> dict[Claim, DataFit]:
    """Run the query that decides each claim on a PostgreSQL database, which is only read.

    A time-out, a missing privilege or a schema other than the expected leaves a claim unchecked.

    Args:
        url: A libpq URL or connection string.
        claims: What to ask; those with an obstacle are not asked.
        expected: The catalogue that the queries were written for.
        redacted: Whether counterexamples are kept back.

    Raises:
        InputError: When the server cannot be reached, refuses, or is older than 14.
    """
    with open_session(
        url,
        connect_timeout=connect_timeout,
        statement_timeout_ms=_CATALOGUE_MS,
        lock_timeout_ms=_CATALOGUE_MS,
        isolation="READ COMMITTED",
        application=APPLICATION,
    ) as session:
        asked = list(claims)
        session.connection.execute(_SETTINGS.encode())
        actual = _tables(session, {table for claim in asked for table in claim.reads})
        session.connection.execute(
            _TIMEOUTS.encode(), [str(statement_timeout_ms), str(lock_timeout_ms)]
        )
        return {
            claim: _answer(session, claim, _obstacle(claim, expected, actual), redacted)
            for claim in asked
        }


def _obstacle(claim: Claim, expected: Catalogue, actual: dict[str, dict[str, str]]) -> str:
    if claim.obstacle or not claim.query:
        return claim.obstacle or "there is no query for it"
    for table in claim.reads:
        columns = expected.parts_of(table, "column")
        if actual.get(table) != {item.name: item.attributes["type"] for item in columns}:
            return f"{table} has other columns in the database than in the snapshot"
    return ""


def _tables(session: Session, names: set[str]) -> dict[str, dict[str, str]]:
    """Return the columns of tables with their types; reading them takes no lock on the tables."""
    found: dict[str, dict[str, str]] = {}
    for row in session.rows(_COLUMNS, [list(names)]):
        found.setdefault(row.relation, {})[f"{row.relation}.{row.column}"] = row.type
    return found


_COLUMNS = """
    select t.relation, quote_ident(a.attname) as column,
           format_type(a.atttypid, a.atttypmod) as type
    from (select c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) as relation
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where c.relkind in ('r', 'p')) t
      join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    where t.relation = any(%s)"""


def _answer(session: Session, claim: Claim, obstacle: str, redacted: bool) -> DataFit:
    if obstacle:
        return undecided(claim, f"the database was not asked: {obstacle}")
    started = time.perf_counter()
    try:
        names, row = _first_row(session, claim.query)
    except psycopg.errors.QueryCanceled:
        waited = (time.perf_counter() - started) * 1000
        return undecided(claim, f"the database was asked and stopped after {waited:,.0f} ms")
    except psycopg.errors.LockNotAvailable:
        return undecided(claim, "the database was asked, and another session held a lock")
    except psycopg.Error as error:
        return _refusal(claim, error, redacted)
    basis = f"asked of the database, {(time.perf_counter() - started) * 1000:.0f} ms"
    if row is None:
        proof = Proof(claim.text, "proven", f"{basis}; no row for: {claim.query}")
        return DataFit(claim, proof, "database")
    is_value = claim.kind != "sequence"  # a sequence's state is no one's data
    shown = "" if redacted and is_value else _shown(names, row)
    found = f"a row was found with {shown}" if shown else "a row was found, not shown"
    proof = Proof(claim.text, "refuted", told(f"{basis}: {found}", claim))
    return DataFit(claim, proof, "database", shown)


def _refusal(claim: Claim, error: psycopg.Error, redacted: bool) -> DataFit:
    """Answer by a refusal: values that cannot be computed refute that they can."""
    if error.sqlstate is None or error.sqlstate.startswith(("08", "57")):
        raise error  # the connection is gone
    words = _words(error, redacted)
    if claim.kind == "computed" and error.sqlstate.startswith(DATA_EXCEPTION):
        proof = Proof(claim.text, "refuted", told(f"asked of the database: {words}", claim))
        return DataFit(claim, proof, "database", words)
    return undecided(claim, f"the database refuses the query: {words}")


def _first_row(session: Session, query: str) -> tuple[list[str], tuple[Any, ...] | None]:
    """Run one query and return its first row; the extended protocol takes one statement only."""
    connection = session.connection
    with connection.transaction(force_rollback=True), connection.cursor() as cursor:
        cursor.execute(query.encode(), binary=True)
        return [column.name for column in cursor.description or ()], cursor.fetchone()


def _shown(names: Iterable[str], row: Iterable[Any]) -> str:
    pairs = zip(names, row, strict=True)
    return ", ".join(
        f"{name} = {'NULL' if value is None else shortened(str(value))}" for name, value in pairs
    )


def _words(error: psycopg.Error, redacted: bool) -> str:
    """Return the server's words; those on values (class 22) may hold one."""
    words = error.diag.message_primary or ""
    is_shown = words and not (redacted and str(error.sqlstate).startswith("22"))
    return f"{words} ({error.sqlstate})" if is_shown else str(error.sqlstate)
