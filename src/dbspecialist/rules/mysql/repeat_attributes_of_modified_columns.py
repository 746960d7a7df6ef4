"""MODIFY and CHANGE COLUMN take away what they do not repeat: NOT NULL, DEFAULT, AUTO_INCREMENT.

## What it does
Looks for columns of tables that production has rows in that lose NOT NULL, their default,
AUTO_INCREMENT, ON UPDATE or their comment in a statement that changes something else of them and
does not name what is lost.

## Why it matters
MODIFY and CHANGE write the whole definition of a column anew. What is not repeated is gone, and
the engine says nothing. Without AUTO_INCREMENT or the default, INSERTs that leave the column to the
database fail with error 1364 in strict mode, and store 0 or '' otherwise.

## Example
    -- status VARCHAR(20) NOT NULL DEFAULT 'new'
    ALTER TABLE orders MODIFY status VARCHAR(40);

## Use instead
    ALTER TABLE orders MODIFY status VARCHAR(40) NOT NULL DEFAULT 'new';

## What proves it
The column is read from information_schema before and behind the statement on the twin.

## Source
MySQL manual, "ALTER TABLE Statement", renaming, redefining, and reordering columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbspecialist.engines.mysql.tokens import meaningful
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding, Severity
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.mysql._alters import Pair, alters, changed_columns
from dbspecialist.rules.mysql.fill_nulls_before_not_null import is_strict

TITLE = "Repeat the attributes of modified columns"
SEVERITY = "error"
ENGINES = ("mysql", "mariadb")

#: Words by which a statement names an attribute, and so takes it away knowingly.
_WORDS: Mapping[str, str] = {
    "NOT NULL": "null",
    "DEFAULT": "default",
    "AUTO_INCREMENT": "auto_increment",
    "ON UPDATE": "update",
    "COMMENT": "comment",
}


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each column that loses what the statement does not name."""
    for statement, lock in alters(trial, run):
        said = {item.word for item in meaningful(statement.sql)}
        if not said & {"modify", "change"}:
            continue
        for before, after in (*changed_columns(statement), *_renamed(statement)):
            lost = [name for name in _lost(before, after) if _WORDS[name] not in said]
            if not lost or not _changes_more(before, after):
                continue
            severity, effect = _effect(statement, after, lost)
            yield finding(
                severity=severity,
                message=f"Column {after.name} loses {' and '.join(lost)}{effect}",
                location=at(trial, statement),
                evidence=tuple(seen(f"{after.name} has no {name} any more") for name in lost),
                help="repeat in MODIFY and CHANGE all that the column is to keep",
                relation=lock.relation,
            )


def _renamed(statement: StatementEffects) -> list[Pair]:
    """Return the column that CHANGE gives another name, where it is the only one."""
    columns = [item for item in statement.changes if item.object.kind == "column"]
    gone = [item.before for item in columns if item.before and not item.after]
    made = [item.after for item in columns if item.after and not item.before]
    return list(zip(gone, made, strict=True)) if len(gone) == len(made) == 1 else []


def _lost(before: SchemaObject, after: SchemaObject) -> list[str]:
    old, new = _attributes(before), _attributes(after)
    return [name for name in _WORDS if old[name] and not new[name]]


def _attributes(column: SchemaObject) -> dict[str, bool]:
    given = column.attributes
    extra = given["extra"].lower()
    return {
        "NOT NULL": given["nullable"] == "NO",
        "DEFAULT": given["default"] not in {"", "NULL"},
        "AUTO_INCREMENT": "auto_increment" in extra,
        "ON UPDATE": "on update" in extra,
        "COMMENT": bool(given["comment"]),
    }


def _changes_more(before: SchemaObject, after: SchemaObject) -> bool:
    """Tell whether the column changes otherwise too: to lose something is not all that is meant."""
    names = ("type", "charset", "collation", "generated")
    if before.name != after.name:
        return True
    return any(before.attributes[name] != after.attributes[name] for name in names)


def _effect(
    statement: StatementEffects, column: SchemaObject, lost: list[str]
) -> tuple[Severity, str]:
    """Say what comes of it, and how bad that is."""
    required = column.attributes["nullable"] == "NO"
    if required and {"DEFAULT", "AUTO_INCREMENT"} & set(lost):
        if is_strict(statement):
            return "error", ": an INSERT that does not name it fails with error 1364"
        return "warning", ": an INSERT that does not name it stores 0 or ''"
    return ("info" if lost == ["COMMENT"] else "warning"), ", which the statement does not repeat"
