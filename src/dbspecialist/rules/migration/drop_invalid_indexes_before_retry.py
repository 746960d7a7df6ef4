"""CREATE INDEX IF NOT EXISTS takes an INVALID index for done.

## What it does
Looks for CREATE INDEX … IF NOT EXISTS that built nothing because production holds an INVALID index
of that name, and for CREATE INDEX CONCURRENTLY IF NOT EXISTS that would do so when it is retried.

## Why it matters
A CONCURRENTLY build that fails (a time-out, a deadlock, a repeat in a unique index) leaves an
INVALID index: writes keep it up, no query uses it, and a UNIQUE one promises nothing. IF NOT EXISTS
looks at the name alone, so the retry reports success.

## Example
    CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_user_id_idx ON orders (user_id);

## Use instead
    DROP INDEX CONCURRENTLY IF EXISTS orders_user_id_idx;
    CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);

## What proves it
The twin holds production's INVALID index, and the engine is seen to build nothing. That the engine
does so after a failed build is run in this project's tests (test_concurrent_builds.py).

## Source
PostgreSQL manual, "CREATE INDEX", section "Building Indexes Concurrently", and on IF NOT EXISTS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.names import bare, parts
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._constraints import catalogue_before

TITLE = "Drop INVALID indexes before a build is tried again"
SEVERITY = "error"
ENGINES = ("postgresql",)

# The engine reports no name for what IF NOT EXISTS passes over: the name is read from the text.
_NAMED = re.compile(
    r"\s*create\s+(?:unique\s+)?index\s+(?P<concurrently>concurrently\s+)?if\s+not\s+exists\s+"
    r'(?:(?P<schema>"(?:[^"]|"")+"|[\w$]+)\s*\.\s*)?(?P<name>"(?:[^"]|"")+"|[\w$]+)',
    re.IGNORECASE,
)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each IF NOT EXISTS that passes, or would pass, over an INVALID index."""
    for statement in trial.statements:
        named = _NAMED.match(statement.sql)
        if named is None or statement.error:
            continue
        invalid = _invalid(trial, run, named)
        if invalid is not None and not statement.index_builds:
            yield _passed_over(trial, statement, invalid)
        elif named["concurrently"] and not _is_dropped_before(trial, statement):
            yield from _retried(trial, run, statement)


def _passed_over(trial: Trial, statement: StatementEffects, invalid: SchemaObject) -> Finding:
    return finding(
        severity="error",
        message=(
            f"Index {invalid.name} stays INVALID: IF NOT EXISTS takes it for done and builds "
            f"nothing on {invalid.parent}"
        ),
        location=at(trial, statement),
        evidence=(
            seen(f"builds no index for it; {invalid.name} is INVALID in the catalogue"),
            Proof(f"{invalid.name} is valid", "refuted", "INVALID as of the snapshot"),
        ),
        help=f"DROP INDEX CONCURRENTLY {invalid.name} first, then CREATE INDEX CONCURRENTLY",
        relation=invalid.parent,
    )


def _retried(trial: Trial, run: Run, statement: StatementEffects) -> Iterator[Finding]:
    for index, table in statement.index_builds.items():
        if run.at(statement).is_empty(table):
            continue
        yield finding(
            severity="info",
            message=(
                f"Index {index} is built CONCURRENTLY with IF NOT EXISTS: where the build fails, "
                f"the retry takes the INVALID index on {table} for done"
            ),
            location=at(trial, statement),
            evidence=(
                seen(f"builds {index} outside of a transaction"),
                Proof("the build succeeds at the first try", "unchecked", "production decides it"),
            ),
            help=f"DROP INDEX CONCURRENTLY IF EXISTS {index} before it, and no IF NOT EXISTS",
            relation=table,
        )


def _invalid(trial: Trial, run: Run, named: re.Match[str]) -> SchemaObject | None:
    """Return the INVALID index of a name."""
    wanted = [_folded(part) for part in (named["schema"], named["name"]) if part]
    for index in catalogue_before(trial, run).of_kind("index"):
        words = [_folded(part) for part in parts(index.name)]
        if index.attributes.get("valid") == "false" and words[-len(wanted) :] == wanted:
            return index
    return None


def _folded(name: str) -> str:
    return bare(name) if name.startswith('"') else name.lower()


def _is_dropped_before(trial: Trial, statement: StatementEffects) -> bool:
    """Tell whether a DROP INDEX stands before a build; IF EXISTS leaves no other trace."""
    earlier = trial.statements[: trial.place(statement)]
    return any("DROP INDEX" in item.tags for item in earlier)
