"""NOT NULL on a column with NULLs fails in strict mode and changes the rows in others.

## What it does
Looks for columns of tables that production has rows in that become NOT NULL.

## Why it matters
In strict mode the statement ends at the first NULL with error 1265 ("Data truncated"), after it has
worked through all rows before it. Without STRICT_TRANS_TABLES the engine puts 0, '' or '0000-00-00'
where NULL was, and says so in a warning that no toolchain shows.

## Example
    ALTER TABLE orders MODIFY user_id BIGINT NOT NULL;

## Use instead
    UPDATE orders SET user_id = 0 WHERE user_id IS NULL LIMIT 1000;

in batches until none is left, and then the ALTER, in a session in strict mode.

## What proves it
The share of NULLs is the snapshot's (mysql.column_stats). Where there is none, the statement is run
on sample rows of which one is NULL, in production's sql_mode: the engine refuses or warns.

## Source
MySQL manual, "Server SQL Modes", strict SQL mode.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.mysql.names import parts
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.mysql._alters import alters, changed_columns, is_decided, of_rows

TITLE = "Fill NULLs before NOT NULL"
SEVERITY = "error"
ENGINES = ("mysql", "mariadb")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each column that becomes NOT NULL and may hold NULL."""
    for statement, lock in alters(trial, run):
        for before, after in changed_columns(statement):
            if (before.attributes["nullable"], after.attributes["nullable"]) != ("YES", "NO"):
                continue
            known = _null_share(run, lock.relation, before)
            rows = of_rows(trial, run, statement, after.name, "not null")
            refuted = is_decided(rows, "refuted")
            if (known == 0 and not refuted) or is_decided(rows, "proven"):
                continue
            evidence = _evidence(trial, statement, after, known)
            yield finding(
                severity="error" if known or refuted else "warning",
                message=_message(statement, after, known, run),
                location=at(trial, statement),
                evidence=(rows,) if rows is not None and refuted else (evidence,),
                help="fill the NULLs in batches first, and run the ALTER in strict mode",
                relation=lock.relation,
            )


def _null_share(run: Run, relation: str, column: SchemaObject) -> float | None:
    """Return the share of NULLs, or nothing where the snapshot has no histogram of the column."""
    if run.snapshot is None:
        return None
    name = parts(column.name)[-1]
    found = run.snapshot.column.get((run.renamed.get(relation, relation), name))
    # Index statistics tell distinct values and nothing of NULLs; they have no width.
    return found.null_frac if found is not None and (found.avg_width or found.values) else None


def is_strict(statement: StatementEffects) -> bool:
    """Tell whether the session refuses values that do not fit."""
    mode = statement.settings.get("sql_mode", "")
    return "STRICT_TRANS_TABLES" in mode or "STRICT_ALL_TABLES" in mode


def _message(
    statement: StatementEffects, column: SchemaObject, known: float | None, run: Run
) -> str:
    rows = run.rows(column.parent)
    number = f"{count(known * rows)} NULLs" if known else "NULLs, which were not counted,"
    if is_strict(statement):
        return f"Column {column.name} becomes NOT NULL: {number} make it fail with error 1265"
    return f"Column {column.name} becomes NOT NULL: {number} become 0, '' or a zero date"


def _evidence(
    trial: Trial, statement: StatementEffects, column: SchemaObject, known: float | None
) -> Proof:
    claim = f"no row of {column.parent} is NULL in {column.name}"
    if known:
        return Proof(claim, "refuted", f"nulls_ratio is {known:g}, as of the snapshot")
    index = trial.place(statement)
    refused = next((item.error for item in trial.rows_errors if item.index == index), None)
    said = refused.message if refused else "; ".join(trial.rows_warnings.get(index, ()))
    tried = f"; on a sample row that is NULL the engine says: {said}" if said else ""
    return Proof(claim, "unchecked", f"the snapshot has no histogram of the column{tried}")
