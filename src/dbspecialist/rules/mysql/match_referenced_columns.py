"""A foreign key of another type than the column that it refers to is refused.

## What it does
Looks for foreign keys that the engine refuses as "incorrectly formed" (errno 150, error 1005 or
3780), and says what differs.

## Why it matters
Type, sign and, for texts, character set and collation must be the same, and the referenced columns
must be the first of an index. The engine's message names neither the columns nor what differs, and
what the migration did before it stays.

## Example
    CREATE TABLE orders (id BIGINT PRIMARY KEY, user_id BIGINT,
      FOREIGN KEY (user_id) REFERENCES users (id));

where users.id is BIGINT UNSIGNED.

## Use instead
    CREATE TABLE orders (id BIGINT PRIMARY KEY, user_id BIGINT UNSIGNED,
      FOREIGN KEY (user_id) REFERENCES users (id));

## What proves it
The engine's refusal on the twin.

## Source
MySQL manual, "FOREIGN KEY Constraints", conditions and restrictions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.engines.mysql.names import plain
from dbspecialist.facts.effects import EngineError
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at

TITLE = "Give foreign keys the type of what they refer to"
SEVERITY = "error"
ENGINES = ("mysql", "mariadb")

#: Of the refused key nothing is in the catalogue; its text is read for what it refers to.
_KEY = re.compile(
    r"references\s+(?:(`[^`]+`|\w+)\s*\.\s*)?(`[^`]+`|\w+)\s*\(([^)]*)\)", re.IGNORECASE
)
_PAIR = ("type", "charset", "collation")


def is_malformed(error: EngineError) -> bool:
    """Tell whether a refusal is that of a foreign key whose columns do not match."""
    return "errno: 150" in error.message or error.detail in {"error 3780", "error 1822"}


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each refused foreign key."""
    for statement in trial.statements:
        if statement.error is None or not is_malformed(statement.error):
            continue
        told = "; ".join(_referenced(trial, statement.sql)) or "what it refers to is not there"
        yield finding(
            severity="error",
            message=f"The foreign key is refused: its columns do not match {told}",
            location=at(trial, statement),
            evidence=(
                Proof(
                    "the engine takes the foreign key",
                    "refuted",
                    f"{statement.error.sqlstate} on the twin: {statement.error.message}",
                ),
            ),
            help="give the column the same type, sign, character set and collation",
        )


def _referenced(trial: Trial, sql: str) -> Iterator[str]:
    """Yield the columns that a statement's foreign keys refer to, with what they are."""
    for found in _KEY.finditer(sql):
        table = plain(found[2])
        for name in (plain(part.strip()) for part in found[3].split(",")):
            for column in trial.after.of_kind("column"):
                if column.name.endswith(f".{table}.{name}"):
                    given = [column.attributes[key] for key in _PAIR if column.attributes[key]]
                    yield f"{column.name} ({', '.join(given)})"
