"""An index that production scans is missed when it is gone.

## What it does
Looks for dropped indexes that production's statistics show as scanned, where no index with the same
first key is left when the run ends.

## Why it matters
Queries that were answered from the index read the whole table, or another index and then discard
rows. A plan that was good on Monday is a time-out on Tuesday.

## Example
    DROP INDEX CONCURRENTLY orders_user_id_idx;  -- 1.2 million scans since the last reset

## Use instead
Find the queries (pg_stat_statements, EXPLAIN on a twin that has the snapshot's statistics), and
drop the index when its scans no longer rise.

## What proves it
The number of scans is read from the snapshot, the remaining indexes from the catalogue that the run
ends in. Scans by the primary alone are counted there: replicas count their own.

## Source
PostgreSQL manual, "The Cumulative Statistics System", on pg_stat_all_indexes.idx_scan.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._constraints import catalogue_before, last_catalogue
from dbspecialist.rules.migration._indexes import IndexParts, index_parts, indexes_on

TITLE = "Keep indexes that queries use"
SEVERITY = "info"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each dropped index that production scans."""
    before, end = catalogue_before(trial, run), last_catalogue(run)
    for statement in trial.statements:
        for kind, _, name in (item.partition(" ") for item in statement.drops):
            index = before.get("index", name) if kind == "index" else None
            scans = _scans(run.at(statement), name)
            if index is None or not scans or _is_covered(end, index_parts(index)):
                continue
            yield finding(
                severity="info",
                message=(
                    f"Index {name} on {index.parent} goes: production scanned it "
                    f"{count(scans)} times as of the snapshot, and none begins with its first key"
                ),
                location=at(trial, statement),
                evidence=(
                    seen(f"drops {name}"),
                    Proof(f"no query reads {name}", "refuted", f"{count(scans)} scans"),
                ),
                help="see which queries use it, and drop it when its scans no longer rise",
                relation=index.parent,
            )


def _scans(run: Run, index: str) -> int:
    found = run.statistics(index)
    return found.reads if found else 0


def _is_covered(end: Catalogue, old: IndexParts) -> bool:
    """Tell whether the table went too, or an index that begins alike is left."""
    if end.get("table", old.table) is None and end.get("materialized view", old.table) is None:
        return True
    return any(
        (item.keys[0], item.predicate) in {(old.keys[0], old.predicate), (old.keys[0], "")}
        for item in indexes_on(end, old.table)
    )
