"""A foreign key in which the run itself gives all rows one value: whether its row is there.

Numbers that a sequence gives out are dense: a key far beyond the highest of them, further than the
rows that may have come since ANALYZE reach, has no row. Elsewhere a value that pg_stats does not
hold decides nothing (PostgreSQL manual, "pg_stats").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.data_fit import Claim, DataFit
from dbspecialist.facts.names import bare
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run
from dbspecialist.facts.units import count
from dbspecialist.proofs.data_fit.values import VALUES, Connection, is_whole, refuted
from dbspecialist.proofs.data_fit.words import shortened, undecided

_INTEGERS = ("smallint", "integer", "bigint")

_QUERY = """
    WITH known (key) AS (SELECT unnest(%s::{type}[]) UNION ALL SELECT unnest(%s::{type}[])),
      given (key) AS (SELECT CAST({given} AS {type}))
    SELECT given.key::text, EXISTS (SELECT FROM known WHERE known.key = given.key), {ends}
    FROM given
"""
_ENDS = "(SELECT min(key)::bigint FROM known), (SELECT max(key)::bigint FROM known)"


def answer_one_key(
    claim: Claim,
    run: Run,
    production: Catalogue,
    sizes: tuple[float, float],
    connect: Callable[[], Connection],
) -> DataFit:
    """Judge a foreign key in which all rows have the claim's one given value.

    Args:
        claim: What is claimed.
        run: Holds the snapshot.
        production: The catalogue that the run begins with.
        sizes: The rows of the referenced table, as of the snapshot and at most by now.
        connect: Opens a database with production's types.
    """
    parent, name = claim.reads[1], claim.referenced[0]
    if not sizes[0]:
        return refuted(claim, f"{parent} has no row, as of the snapshot")
    known = run.snapshot.column.get((parent, bare(name))) if run.snapshot else None
    if known is None or (run.snapshot and run.snapshot.redacted):
        return undecided(claim, "the snapshot has no values of the referenced column")
    found = production.get("column", f"{parent}.{name}")
    type_ = found.attributes["type"] if found else ""
    lists = [known.values.get(key, "{}") for key in VALUES]
    try:
        row = _first(claim, type_, lists, connect())
    except psycopg.Error as error:
        words = error.diag.message_primary or error.sqlstate or "no reason given"
        return undecided(claim, f"the twin does not compare them: {words}")
    return _judged(claim, row, is_whole=is_whole(known, sizes[0]), sizes=sizes)


def _first(claim: Claim, type_: str, lists: list[str], connection: Connection) -> tuple[Any, ...]:
    """Return the value, whether statistics hold it, and the ends of a range of integers."""
    ends = _ENDS if type_ in _INTEGERS else "NULL, NULL"
    given = claim.given.replace("%", "%%")
    query = _QUERY.format(type=type_, given=given, ends=ends)
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL statement_timeout = '1s'")
        row = connection.execute(query.encode(), lists).fetchone()
    assert row is not None
    return row


def _judged(
    claim: Claim, row: tuple[Any, ...], *, is_whole: bool, sizes: tuple[float, float]
) -> DataFit:
    key, is_held, low, high = row
    there, most = sizes
    parent = f"{claim.reads[1]}.{claim.referenced[0]}"
    value = shortened(str(key))
    if is_held:
        basis = f"{value} is in pg_stats of {parent}, as of the snapshot"
        return DataFit(claim, Proof(claim.text, "tested", basis, 1), "statistics")
    if low is None:
        where = "the values in pg_stats, which are all there are," if is_whole else ""
        return _perhaps(claim, value, f"{where} of {parent}" if where else "")
    range_ = f"{parent} {low} to {high} in pg_stats"
    if low <= int(key) <= high:
        return _perhaps(claim, value, "")
    reach = most - there
    if high - low < most and not low - reach <= int(key) <= high + reach:
        basis = f"all rows get {value}; {count(there)} rows have {range_}, as of the snapshot"
        return refuted(claim, basis, f"{claim.referenced[0]} = {value}")
    return _perhaps(claim, value, range_)


def _perhaps(claim: Claim, value: str, where: str) -> DataFit:
    """Return a claim that rows which came since, or that no sample held, may meet."""
    if not where:
        return undecided(claim, f"all rows get {value}, which pg_stats does not hold")
    told = f"all rows get keys that lie outside of {where} as of the snapshot: {value}"
    return undecided(claim, f"{told}; rows that came since may hold it")
