"""Claims asked of the database itself: each query in a READ ONLY transaction of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dbspecialist.engines.mysql.driver import MySQLError, execute
from dbspecialist.engines.mysql.server import Session, open_session
from dbspecialist.facts.data_fit import Claim, DataFit
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run
from dbspecialist.proofs.mysql.data_fit import claims_of

#: How long one query may take, and how long it waits for a metadata lock.
STATEMENT_MS = 5_000
LOCK_MS = 1_000
_LONGEST = 80


def judge_data(run: Run, url: str | None) -> Run:
    """Return a run with what its statements need of production's rows, asked where a URL is given.

    Raises:
        InputError: Where the server cannot be reached or refuses.
    """
    claims = claims_of(run)
    if url is None:
        basis = "the database was not asked"
        return replace(run, data_fit=tuple(_unchecked(item, basis) for item in claims))
    with open_session(
        url, connect_timeout=5, statement_timeout_ms=STATEMENT_MS, lock_timeout_ms=LOCK_MS
    ) as session:
        return replace(run, data_fit=_asked(run, session, claims))


def _asked(run: Run, session: Session, claims: Sequence[Claim]) -> tuple[DataFit, ...]:
    shown = run.snapshot is None or not run.snapshot.redacted
    return tuple(_ask(session, claim, shown=shown) for claim in claims)


def _ask(session: Session, claim: Claim, *, shown: bool) -> DataFit:
    if claim.obstacle:
        return _unchecked(claim, claim.obstacle)
    connection = session.connection
    # Metadata locks of a query go with its transaction.
    execute(connection, "COMMIT")
    execute(connection, "START TRANSACTION READ ONLY")
    try:
        found = session.rows(claim.query)
    except MySQLError as error:
        return _unchecked(claim, f"the server refuses the query: {error.args[-1]} ({claim.query})")
    if not found:
        return DataFit(claim, Proof(claim.text, "proven", f"asked: {claim.query}"), "database")
    value = ", ".join(map(str, found[0]))[:_LONGEST] if shown and claim.columns else ""
    told = f"{', '.join(claim.columns)} = {value}; " if value else ""
    proof = Proof(claim.text, "refuted", f"{told}asked: {claim.query}")
    return DataFit(claim, proof, "database", value)


def _unchecked(claim: Claim, basis: str) -> DataFit:
    return DataFit(claim, Proof(claim.text, "unchecked", basis))
