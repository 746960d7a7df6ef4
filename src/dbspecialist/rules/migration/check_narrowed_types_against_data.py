"""A type that holds less than before refuses, or cuts, the values that do not fit.

## What it does
Looks for columns whose new type is shorter or smaller, and compares the values that production's
statistics hold (most common values, histogram bounds) with it. Types whose size says nothing (an
enum, a date for a text) are reported where a value does not fit. Silent where the database that is
asked with `--database` holds none.

## Why it matters
One value that does not fit fails the statement (22001, 22003) after the table was being written
anew. With USING and a cast, longer text is cut without a word.

## Example
    ALTER TABLE users ALTER COLUMN name TYPE varchar(20);

## Use instead
    ALTER TABLE users ADD CONSTRAINT name_length CHECK (length(name) <= 20) NOT VALID;
    ALTER TABLE users VALIDATE CONSTRAINT name_length;

which keeps the type, or mend the values that do not fit before the change.

## What proves it
A value in pg_stats that does not fit refutes that all fit. Where all of them fit, the number
compared is said; they are a sample. The database decides it where it is asked.

## Source
PostgreSQL manual, "pg_stats"; "Character Types"; "Numeric Types".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.engines.postgresql.arrays import array_values
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.data_fit import DataFit
from dbspecialist.facts.finding import Finding, Severity
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.migration._capacity import Fits, narrowed
from dbspecialist.rules.migration._columns import Altered, changed_columns, part, statistics_before
from dbspecialist.rules.migration._data_fit import fit_of, such_as, with_query
from dbspecialist.rules.migration._tables import is_filled

TITLE = "Check the data before a type is narrowed"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each column whose type holds less than before."""
    for item in changed_columns(trial, "type"):
        column, statement = item.column, item.statement
        if item.before is None or not is_filled(trial, run, column.parent, statement):
            continue
        old, new = item.before.attributes["type"], column.attributes["type"]
        smaller, fit = narrowed(old, new), fit_of(run, trial, "type", column.name, statement)
        is_refuted = fit is not None and fit.proof.verdict == "refuted"
        if (smaller is None and not is_refuted) or _is_proven(fit):
            continue
        if run.state_before(statement).source(column.parent, part(column)).changed:
            continue
        fits, sqlstate = smaller or (None, "an error of class 22")
        # The engine says nothing of values that a cast cuts: the word is the user's.
        cuts = sqlstate == "22001" and re.search(r"\busing\b", statement.sql, re.IGNORECASE)
        misfit = "it cuts them" if cuts else f"it fails with {sqlstate}"
        if fit is not None and is_refuted and (fits is None or fit.source in {"database", "run"}):
            severity, told, proof = _refuted(fit, misfit)
        else:
            assert fits is not None
            severity, told, proof = _judge(run, item, fits, misfit)
        yield finding(
            severity=severity,
            message=f"Column {column.name} from {old} to {new} {told}",
            location=at(trial, statement),
            evidence=(with_query(proof, fit),),
            help="mend the values that do not fit first, or keep the type and add a CHECK",
            relation=column.parent,
        )


def _is_proven(fit: DataFit | None) -> bool:
    return fit is not None and fit.proof.verdict == "proven"


def _refuted(fit: DataFit, misfit: str) -> tuple[Severity, str, Proof]:
    return "error", f"meets values that do not fit{such_as(fit)}: {misfit}", fit.proof


def _judge(run: Run, item: Altered, fits: Fits, misfit: str) -> tuple[Severity, str, Proof]:
    column = item.column
    claim = f"every value of {column.name} fits {column.attributes['type']}"
    values = _values(run, item)
    if not values:
        told = f"may meet values that do not fit: {misfit} if there are any, which is not known"
        basis = "the snapshot has no values of the column"
        return "warning", told, Proof(claim, "unchecked", basis)
    wrong = [value for value in values if not fits(value)]
    if wrong:
        told = f"meets values that do not fit, such as {_quoted(wrong[0])}: {misfit}"
        basis = f"{_quoted(wrong[0])} is in pg_stats, as of the snapshot"
        return "error", told, Proof(claim, "refuted", basis)
    number = len(values)
    told = f"holds less than before: the {number} values in the statistics fit"
    basis = "most common values and histogram bounds of pg_stats, as of the snapshot"
    return "info", told, Proof(claim, "tested", basis, number)


def _values(run: Run, item: Altered) -> list[str]:
    column = item.column
    known = statistics_before(run, item.statement, column.parent, part(column))
    if known is None or (run.snapshot and run.snapshot.redacted and "char" not in _type(column)):
        return []  # stand-ins keep width, not magnitude
    texts = (known.values.get(key, "{}") for key in ("most_common_vals", "histogram_bounds"))
    return [value for text in texts for value in array_values(text) if value is not None]


def _type(column: SchemaObject) -> str:
    return column.attributes["type"]


def _quoted(value: str) -> str:
    return f"'{value if len(value) <= 40 else value[:37] + '...'}'"
