"""A narrower type fails on values that do not fit, or cuts them where the mode is not strict.

## What it does
Looks for type changes of columns of tables that production has rows in, on which sample rows with
the old type's largest values fail or are changed.

## Why it matters
In strict mode the statement ends at the first value that does not fit (errors 1264, 1265, 1406),
after it has copied all rows before it. Without STRICT_TRANS_TABLES the engine cuts the value, or
takes the nearest that fits, and says so in a warning that no toolchain shows.

## Example
    ALTER TABLE users MODIFY name VARCHAR(20);

## Use instead
    SELECT id FROM users WHERE char_length(name) > 20 LIMIT 1;

and the ALTER in strict mode once that finds nothing.

## What proves it
The statement is run on sample rows that hold the largest values of the old type, in production's
sql_mode; the engine refuses or warns. Whether production has such values was not looked at.

## Source
MySQL manual, "Out-of-Range and Overflow Handling" and "Server SQL Modes".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.mysql._alters import Pair, alters, changed_columns, is_decided, of_rows
from dbspecialist.rules.mysql.fill_nulls_before_not_null import is_strict

TITLE = "Look at the values before a type gets narrower"
SEVERITY = "error"
ENGINES = ("mysql", "mariadb")

_ROW = re.compile(r" at row \d+")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each type change that sample values do not survive."""
    for statement, lock in alters(trial, run):
        changed = [pair for pair in changed_columns(statement) if _is_retyped(pair)]
        said = _said(trial, statement, [after.name for _, after in changed])
        if not changed or not said:
            continue
        before, after = changed[0]
        rows = of_rows(trial, run, statement, after.name, "type", "enum")
        if is_decided(rows, "proven"):
            continue
        refuted = is_decided(rows, "refuted")
        strict = is_strict(statement)
        effect = "does not hold" if strict else "silently cuts"
        yield finding(
            severity="warning" if strict and not refuted else "error",
            message=(
                f"Column {after.name} becomes {after.attributes['type']}, which {effect} values "
                f"that {before.attributes['type']} holds: {said}"
            ),
            location=at(trial, statement),
            evidence=(rows,)
            if rows is not None and refuted
            else (
                Proof(
                    f"every value of {after.name} fits {after.attributes['type']}",
                    "unchecked",
                    f"on a sample row with the old type's largest value the engine says: {said}; "
                    "production's own values were not read",
                ),
            ),
            help="look for values that do not fit, and run the ALTER in strict mode",
            relation=lock.relation,
        )


def _is_retyped(pair: Pair) -> bool:
    before, after = pair
    return before.attributes["type"] != after.attributes["type"]


def _said(trial: Trial, statement: StatementEffects, columns: list[str]) -> str:
    """Return what the engine said of a column's values, not of NULLs, on sample rows."""
    index = trial.place(statement)
    told = [item.error.message for item in trial.rows_errors if item.index == index]
    told += trial.rows_warnings.get(index, ())
    names = {f"'{name.rpartition('.')[2].strip('`')}'" for name in columns}
    fitting = [item for item in told if any(name in item for name in names)]
    # Row 2 of the samples is NULL wherever it may be.
    values = [item for item in fitting if " at row 2" not in item]
    return _ROW.sub("", values[0]) if values else ""
