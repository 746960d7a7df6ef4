"""CASCADE drops objects that the migration does not name.

## What it does
Lists the views, foreign keys, columns and functions that a statement drops without naming them,
where they were there before the run. Tables are another rule's.

## Why it matters
The engine drops them without a question, and nothing brings them back. Code that reads a view
which is gone fails with 42P01; a foreign key that is gone lets wrong rows in.

## Example
    DROP TABLE users CASCADE;

## Use instead
    ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey;
    DROP VIEW people;
    DROP TABLE users;

## What proves it
The engine's list of dropped objects, and which of them the statement reached by dependency.

## Source
PostgreSQL manual, "Dependency Tracking".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._code import broken_by, code_evidence
from dbspecialist.rules.migration._tables import before_run

TITLE = "List what CASCADE drops"
SEVERITY = "error"
ENGINES = ("postgresql",)

#: Named in a message; the rest is counted.
SHOWN = 5
#: The engine's word for the kind of an object, before its name.
_KIND = re.compile(r"(table constraint|domain constraint|table column|[a-z]+ (view|table)|[a-z]+) ")

_TABLE_OR_RULE = re.compile(r"rule |table (?!column |constraint )")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each statement that drops what it does not name."""
    names = _names(before_run(run))
    for statement in trial.statements:
        gone = [item for item in _unnamed(statement) if _short(item) in names]
        if not gone:
            continue
        broken = next(
            (
                item
                for word in gone
                if (item := broken_by(trial, _short(word), "42P01", "42703", "42883", "42704"))
            ),
            None,
        )
        evidence = [seen(f"drops {item}") for item in gone]
        if broken is not None:
            evidence.append(code_evidence(run, broken))
        more = f" and {len(gone) - SHOWN} more" if len(gone) > SHOWN else ""
        shown = ", ".join(gone[:SHOWN]) + more
        yield finding(
            severity="error" if broken else "warning",
            message=f"CASCADE drops {shown}, which the statement does not name",
            location=at(trial, statement),
            evidence=tuple(evidence),
            help="drop each of them by its name, without CASCADE",
        )


def _unnamed(statement: StatementEffects) -> list[str]:
    """Return what went by dependency.

    Without a view's inner rule, tables (drop-tables-in-two-steps), and constraints of a table
    that loses a column, which go without CASCADE too (name-what-goes-with-a-column).
    """
    columns = [
        _short(item)
        for item in statement.drops
        if item.startswith("table column ") and item not in statement.cascades
    ]
    losing = {name.rpartition(".")[0] for name in columns}
    return [
        item
        for item in statement.cascades
        if not _TABLE_OR_RULE.match(item)
        and not (item.startswith("table constraint ") and item.partition(" on ")[2] in losing)
    ]


def _short(text: str) -> str:
    """Return the name as catalogues have it: `table constraint k on public.t` is `public.t.k`."""
    head, _, relation = text.partition(" on ")
    name = _KIND.sub("", head, count=1)
    return f"{relation}.{name}" if relation else name


def _names(catalogue: Catalogue) -> set[str]:
    return {item.name for item in catalogue.objects}
