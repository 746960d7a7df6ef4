"""Without a replica identity, a published table refuses UPDATE and DELETE.

## What it does
Looks for old tables that end without a replica identity: the primary key is dropped and nothing
takes its place, or REPLICA IDENTITY is set to NOTHING.

## Why it matters
Logical replication tells rows apart by the replica identity. While a publication of updates and
deletes holds the table, each UPDATE and DELETE fails with 55000.

## Example
    ALTER TABLE orders DROP CONSTRAINT orders_pkey;

## Use instead
    ALTER TABLE orders REPLICA IDENTITY USING INDEX orders_code_key;

with a unique index over columns that are NOT NULL, before the key goes.

## What proves it
The engine's catalogue after the migration. Whether a publication holds the table is not in the
snapshot, so what follows is unchecked.

## Source
PostgreSQL manual, "Publication", section "Replica Identity".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._columns import altered
from dbspecialist.rules.migration._tables import is_filled

TITLE = "Keep a replica identity"
SEVERITY = "info"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each filled table that loses its replica identity."""
    for table in trial.after.of_kind("table"):
        name = table.name
        if not _has_identity(trial.before, name) or _has_identity(trial.after, name):
            continue
        statement = next((one for one in trial.statements if name in altered(one)), None)
        if statement is None or not is_filled(trial, run, name):
            continue
        yield finding(
            severity="info",
            message=f"Table {name} has no replica identity: UPDATE fails where it is published",
            location=at(trial, statement),
            evidence=(
                seen(f"{name} ends without a replica identity"),
                Proof(
                    f"no publication holds {name}",
                    "unchecked",
                    "publications are not in the snapshot",
                ),
            ),
            help="REPLICA IDENTITY USING INDEX or FULL, before the key goes",
            relation=name,
        )


def _has_identity(catalogue: Catalogue, name: str) -> bool:
    table = catalogue.get("table", name)
    identity = table.attributes.get("replica_identity", "") if table else "nothing"
    if identity in {"full", "nothing"}:
        return identity == "full"
    wanted = "replica_identity" if identity == "index" else "primary"
    return any(wanted in item.attributes for item in catalogue.parts_of(name, "index"))
