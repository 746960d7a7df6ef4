"""An index on a partitioned table is built on all partitions in one transaction.

## What it does
Looks for indexes on a partitioned table that a statement builds on partitions with rows, and for
CREATE INDEX CONCURRENTLY on a partitioned table, which the engine refuses.

## Why it matters
CREATE INDEX on the parent takes SHARE on it and on every partition and holds all of them until the
last partition is done. CONCURRENTLY is refused there, but not on the partitions one by one.

## Example
    CREATE INDEX events_user_id_idx ON events (user_id);

## Use instead
    CREATE INDEX events_user_id_idx ON ONLY events (user_id);
    CREATE INDEX CONCURRENTLY events_1_user_id_idx ON events_1 (user_id);
    ALTER INDEX events_user_id_idx ATTACH PARTITION events_1_user_id_idx;

with the second and third for each partition: the parent's index becomes valid with the last one.

## What proves it
The locks and the indexes are read from the engine; the fix is run on the twin and must end in the
same catalogue.

## Source
PostgreSQL manual, "Table Partitioning", section "Partition Maintenance"; "CREATE INDEX", on ONLY.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import duration, plural
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, by_blocked_time, lock_evidence, seen, time_evidence
from dbspecialist.rules.migration._constraints import filled
from dbspecialist.rules.migration._indexes import concurrently

TITLE = "Build the indexes of partitioned tables partition by partition"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each index that is built on several partitions while writes wait."""
    for statement in trial.statements:
        if statement.error and "create index on partitioned table" in statement.error.message:
            yield _refused(trial, statement)
        if "CREATE INDEX" not in {*statement.tags, *(tag for tag, _, _ in statement.creates)}:
            continue
        for parent in statement.locks:
            if parent.kind == "partitioned table" and "writes" in parent.blocks:
                found = _built(trial, run, statement, parent.relation)
                if found:
                    yield found
                break


def _refused(trial: Trial, statement: StatementEffects) -> Finding:
    assert statement.error is not None
    return finding(
        severity="error",
        message=f"The statement fails: {statement.error.message}",
        location=at(trial, statement),
        evidence=(seen(f"refuses it: {statement.error.message}"),),
        help="CREATE INDEX ON ONLY the parent, CONCURRENTLY on each partition, then ATTACH",
    )


def _built(trial: Trial, run: Run, statement: StatementEffects, parent: str) -> Finding | None:
    tables = filled(trial, statement, run, parent)
    if not tables:
        return None
    waited = duration(statement.blocked_ms.get(parent, 0))
    known = run.at(statement).knows(tables[0])
    time = f"for about {waited}" if known else "for a time that is not known"
    partitions = plural(len(tables), "partition")
    return finding(
        severity=by_blocked_time(statement, tables[0], run),
        message=(
            f"The index of {parent} is built on {partitions} in one transaction: "
            f"writes of all wait {time} (ShareLock)"
        ),
        location=at(trial, statement),
        evidence=(
            *(lock_evidence(lock) for lock in statement.locks if lock.relation in tables),
            seen(f"builds an index over the rows of {', '.join(tables)}"),
            time_evidence(statement, tables[0], run),
        ),
        help="CREATE INDEX ON ONLY the parent, CONCURRENTLY on each partition, then ATTACH",
        relation=parent,
    )


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Make the parent's index alone, the partitions' concurrently, and attach them."""
    made = [
        name for tag, kind, name in statement.creates if (tag, kind) == ("CREATE INDEX", "index")
    ]
    root = trial.after.get("index", made[0]) if len(made) == 1 else None
    if root is None or " ON ONLY " not in root.attributes["definition"]:
        return None
    below = list(_below(trial, root))
    inner = [item for item in below if " ON ONLY " in item.attributes["definition"]]
    leaves = [item for item in below if item not in inner and _is_new(trial, item)]
    attached = [*(item for item in below if item not in inner), *reversed(inner)]
    return (
        Phase(
            "make the indexes of the partitioned tables alone",
            tuple(item.attributes["definition"] for item in (root, *inner)),
            (f"DROP INDEX {root.name}",),
        ),
        Phase(
            "build the partitions' indexes while writes go on",
            tuple(concurrently(item.attributes["definition"]) for item in leaves),
            transactional=False,
        ),
        Phase(
            "attach them",
            tuple(
                f"ALTER INDEX {item.attributes['attached_to']} ATTACH PARTITION {item.name}"
                for item in attached
            ),
        ),
    )


def _below(trial: Trial, index: SchemaObject) -> Iterator[SchemaObject]:
    """Yield the indexes attached to one, and those attached to them."""
    for item in trial.after.of_kind("index"):
        if item.attributes.get("attached_to") == index.name:
            yield item
            yield from _below(trial, item)


def _is_new(trial: Trial, item: SchemaObject) -> bool:
    return trial.before.get("index", item.name) is None
