"""A foreign key between two types holds until the narrower one is full.

## What it does
Looks for new foreign keys whose columns differ in type or collation from those they refer to.

## Why it matters
An integer column that refers to a bigint key cannot refer to keys above 2,147,483,647: inserts fail
when the sequence gets there, and to widen the column then rewrites the table. Comparisons between
types convert on every look-up, and some conversions keep an index from being used.

## Example
    CREATE TABLE orders (user_id integer REFERENCES users);  -- users.id is bigint

## Use instead
    CREATE TABLE orders (user_id bigint REFERENCES users);

## What proves it
The types are read from the catalogue that the migration ends in.

## Source
PostgreSQL manual, "Constraints", section "Foreign Keys"; "Numeric Types".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.names import listed
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._constraints import added

TITLE = "Give foreign keys the types of what they refer to"
SEVERITY = "info"
ENGINES = ("postgresql",)

#: Types of one family whose values and comparisons are the same.
_SAME = {"character varying": "text"}


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each pair of columns of a new foreign key that differ in type."""
    for statement in trial.statements:
        for change in added(trial, run, statement, "foreign key"):
            for own, other in _pairs(trial.after, f"{change.relation}.{change.name}"):
                told, wanted = _type(trial.after, own), _type(trial.after, other)
                if told == wanted:
                    continue
                yield finding(
                    severity="info",
                    message=f"Column {own} is {told} and refers to {other}, which is {wanted}",
                    location=at(trial, statement),
                    evidence=(seen(f"{own} is {told}, {other} is {wanted}"),),
                    help=f"make {own} {wanted}",
                    relation=change.relation,
                )


def _pairs(catalogue: Catalogue, name: str) -> Iterator[tuple[str, str]]:
    """Yield the columns of a foreign key with those they refer to."""
    key = catalogue.get("constraint", name)
    if key is None or "referenced" not in key.attributes:
        return
    own = listed(key.attributes["columns"])
    other = listed(key.attributes["referenced_columns"])
    for column, target in zip(own, other, strict=True):
        yield f"{key.parent}.{column}", f"{key.attributes['referenced']}.{target}"


def _type(catalogue: Catalogue, name: str) -> str:
    column = catalogue.get("column", name)
    if column is None:
        return ""
    plain = re.sub(r"\(.*?\)", "", column.attributes["type"])
    collation = column.attributes.get("collation", "")
    return _SAME.get(plain, plain) + (f" COLLATE {collation}" if collation else "")
