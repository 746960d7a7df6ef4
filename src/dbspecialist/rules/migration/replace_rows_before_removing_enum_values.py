"""An enum value cannot go while a row holds it.

## What it does
Looks for enums that are exchanged for one of the same name with fewer values, and for the
removed values in production's statistics.

## Why it matters
The change of the column's type fails with 22P02 at the first row that holds a removed value,
after the table was being written anew.

## Example
    ALTER TYPE state RENAME TO state_old;
    CREATE TYPE state AS ENUM ('new', 'paid');  -- 'lost' is removed
    ALTER TABLE orders ALTER COLUMN state TYPE state USING state::text::state;

## Use instead
    UPDATE orders SET state = 'new' WHERE state = 'lost';  -- in steps that each commit

before the exchange.

## What proves it
A removed value among pg_stats' most common values refutes that no row holds it. The twin with
rows refuses the statement.

## Source
PostgreSQL manual, "Enumerated Types"; "pg_stats".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.postgresql.arrays import array_values
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.data_fit import DataFit
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.migration._columns import is_own, part, statement_for, statistics_of
from dbspecialist.rules.migration._data_fit import fit_of, such_as, with_query
from dbspecialist.rules.migration._enums import Relabelled, relabelled
from dbspecialist.rules.migration._tables import changed_rows_before, is_filled, rows_error

TITLE = "Replace rows before enum values are removed"
SEVERITY = "error"
ENGINES = ("postgresql",)

INVALID_VALUE = "22P02"


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each column that may hold a removed value."""
    for enum in relabelled(trial):
        if enum.renamed:
            continue
        for column in trial.before.of_kind("column"):
            if column.attributes["type"] != enum.name or not is_own(column):
                continue
            found = _judge(trial, run, enum, column)
            if found is not None and is_filled(trial, run, column.parent):
                yield found


def _judge(trial: Trial, run: Run, enum: Relabelled, column: SchemaObject) -> Finding | None:
    statement = statement_for(trial, column)
    if statement is None:
        return None
    error = rows_error(trial, statement)
    refused = error is not None and error.sqlstate == INVALID_VALUE
    if not refused and changed_rows_before(run, statement, column.parent):
        return None
    fit = fit_of(run, trial, "enum", column.name)
    if fit is not None and fit.source == "database":
        return _asked(trial, statement, column, fit)
    known = statistics_of(run, statement, column.parent, part(column))
    held = [
        label
        for label in array_values(known.values.get("most_common_vals", "{}") if known else "{}")
        if label in enum.gone
    ]
    if not held and not refused:
        return None
    claim = f"no row of {column.parent} has a removed value in {part(column)}"
    labels = ", ".join(f"'{label}'" for label in (held or enum.gone))
    if held:
        told = f"holds {labels} as of the snapshot: it fails with {INVALID_VALUE}"
        proof = Proof(claim, "refuted", f"{labels} is among pg_stats' most common values")
    else:
        told = f"fails with {INVALID_VALUE} if a row holds {labels}, which is not known"
        proof = Proof(claim, "unchecked", "refused on a twin with such a row; no statistics")
    return finding(
        severity="error" if held else "warning",
        message=f"Column {column.name} {told}",
        location=at(trial, statement),
        evidence=(with_query(proof, fit),),
        help=f"give rows with {labels} another value, in steps that commit, before the exchange",
        relation=column.parent,
    )


def _asked(
    trial: Trial, statement: StatementEffects, column: SchemaObject, fit: DataFit
) -> Finding | None:
    """Judge by what the database said."""
    if fit.proof.verdict == "proven":
        return None
    return finding(
        severity="error",
        message=(
            f"Column {column.name} holds a removed value{such_as(fit)}: "
            f"it fails with {INVALID_VALUE}"
        ),
        location=at(trial, statement),
        evidence=(fit.proof,),
        help="give such rows another value, in steps that commit, before the exchange",
        relation=column.parent,
    )
