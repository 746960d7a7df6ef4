"""A row whose key another row has is refused, and so is an UPDATE that makes two keys alike.

## What it does
Looks for INSERTs with written or copied keys and for UPDATEs of keys, in tables that have rows in
production: an error where the snapshot's statistics, or the database that is asked, hold the key;
one info for each table where nothing decides it. Keys that are generated (identity, a sequence, a
random uuid) and INSERTs with ON CONFLICT are silent. An UPDATE that gives a row the key which
another has until its turn comes (`id = id + 1`) is a warning: it depends on the order of rows.

## Why it matters
The statement fails with 23505, and the deployment stops there.

## Example
    INSERT INTO roles (id, name) VALUES (3, 'auditor');  -- there is a role 3

## Use instead
    INSERT INTO roles (name) VALUES ('auditor');

with a generated key, or ON CONFLICT with what is to happen to the row that is there.

## What proves it
The plan tells the values. The engine compares them, on the twin, with the values in pg_stats; an
integer between two others is taken where there are as many rows as numbers. With `--database` the
table itself is asked.

## Source
PostgreSQL manual, "INSERT", ON CONFLICT; "SET CONSTRAINTS"; "PostgreSQL Error Codes", 23505
unique_violation.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.data_fit import DataFit
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.findings import finding
from dbspecialist.rules.migration._computed import is_constant
from dbspecialist.rules.migration._data_fit import fits, place, such_as, told_by

TITLE = "Write keys that no row has"
SEVERITY = "error"
ENGINES = ("postgresql",)

_HELP = "let the key be generated, or say with ON CONFLICT what happens to the row that is there"


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each key that is taken, and one for each table where none is known."""
    found = list(fits(run, trial, "taken"))
    told = set()
    for fit in found:
        if fit.proof.verdict == "refuted" and (fit.claim.index, fit.claim.relation) not in told:
            told.add((fit.claim.index, fit.claim.relation))
            yield _taken(trial, fit)
    for fit in found:
        rows = _alike(trial, fit)
        if rows >= 2 and fit.proof.verdict == "unchecked":
            told.add((fit.claim.index, fit.claim.relation))
            yield _same(trial, fit, rows)
    for fit in fits(run, trial, "shifted"):
        if fit.proof.verdict == "refuted" and (fit.claim.index, fit.claim.relation) not in told:
            told.add((fit.claim.index, fit.claim.relation))
            yield _shifted(trial, fit)
    tables = dict.fromkeys(fit.claim.relation for fit in found)
    for table in tables:
        open_ = [
            fit
            for fit in found
            if fit.claim.relation == table
            and fit.proof.verdict == "unchecked"
            and (fit.claim.index, table) not in told
        ]
        if open_:
            yield _unchecked(trial, table, open_)


def _taken(trial: Trial, fit: DataFit) -> Finding:
    claim = fit.claim
    seen = "" if fit.source == "run" else f", {told_by(fit)}"
    return finding(
        severity="error",
        message=(
            f"Table {claim.relation} gets a key that {claim.object} has already"
            f"{seen}{such_as(fit)}: the statement fails with 23505"
        ),
        location=place(trial, fit),
        evidence=(fit.proof,),
        help=_HELP,
        relation=claim.relation,
    )


#: So many rows are taken to be there where the planner counts them.
_SURE = 100


def _alike(trial: Trial, fit: DataFit) -> float:
    """Return how many rows an UPDATE gives one and the same key, as the planner counts them."""
    index, relation = fit.claim.index, fit.claim.relation
    writes = () if index is None else trial.statements[index].writes
    same = any(
        item.operation == "update" and item.relation == relation and is_constant(item)
        for item in writes
    )
    one = len(fit.claim.columns) == 1  # another column of the key may differ
    rows = trial.statements[index or 0].rows_modified if same and one else {}
    return rows.get(relation, 0.0)


def _same(trial: Trial, fit: DataFit, rows: float) -> Finding:
    claim = fit.claim
    return finding(
        severity="error" if rows >= _SURE else "warning",
        message=(
            f"Table {claim.relation} gets one key of {claim.object} in about {count(rows)} rows, "
            "as the planner counts them: the statement fails with 23505 if there are two"
        ),
        location=place(trial, fit),
        evidence=(fit.proof,),
        help="give each row a key of its own",
        relation=claim.relation,
    )


def _shifted(trial: Trial, fit: DataFit) -> Finding:
    claim = fit.claim
    return finding(
        severity="warning",
        message=(
            f"Table {claim.relation} gets keys in {claim.object} that other rows have until they "
            f"are changed, {told_by(fit)}{such_as(fit)}: the statement fails with 23505 unless "
            "those come first"
        ),
        location=place(trial, fit),
        evidence=(fit.proof,),
        help="make the constraint DEFERRABLE, or change the keys to a range that is free first",
        relation=claim.relation,
    )


def _unchecked(trial: Trial, table: str, open_: list[DataFit]) -> Finding:
    places = len({fit.claim.index for fit in open_})
    where = "one statement" if places == 1 else f"{places} statements"
    return finding(
        severity="info",
        message=f"Table {table} gets keys in {where}, and whether a row has them was not looked at",
        location=place(trial, open_[0]),
        evidence=tuple(dict.fromkeys(fit.proof for fit in open_)),
        help=f"ask the table with --database; {_HELP}",
        relation=table,
    )
