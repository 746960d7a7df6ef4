"""What migrations do by rows that an empty twin lacks: failures without them, ways not taken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.names import QUALIFIED, bare, last
from dbspecialist.facts.rows_needed import Failure, Reading
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.trial import Run
from dbspecialist.proofs.effects_pass import Seen, see_with_rows
from dbspecialist.proofs.named_rows import BY_NO_ROW, FOREIGN_KEY_VIOLATION
from dbspecialist.proofs.rows import is_version_table
from dbspecialist.toolchains.base import Project
from dbspecialist.twins.stage import Stage

_READ = rf"\b(?:from|join|using)\s+(?:only\s+)?({QUALIFIED})"


@dataclass(frozen=True)
class RowsNeeded:
    """What of a run depends on rows, by revision."""

    failures: dict[str, Failure] = field(default_factory=dict)
    readings: dict[str, tuple[Reading, ...]] = field(default_factory=dict)


def with_rows(
    stage: Stage,
    project: Project,
    pending: Sequence[Migration],
    template: str,
    *,
    snapshot: Snapshot | None,
    seen: Seen,
) -> tuple[Seen, RowsNeeded]:
    """Try with made-up rows what depends on rows, and go on where it goes through with them."""
    run = Run((), snapshot=snapshot, created=seen.created, renamed=seen.renamed)
    failures = _failures(run, pending, seen)
    readings = {
        item.revision: found
        for item in pending
        if (found := tuple(_readings(run, item, seen.statements.get(item.revision, ()))))
    }
    needing = [n for n, item in enumerate(pending) if item.revision in {**failures, **readings}]
    if not needing:
        return seen, RowsNeeded()
    tried = see_with_rows(stage, project, pending, template, snapshot=snapshot, start=needing[0])
    needed = RowsNeeded(failures, {})
    for revision, found in readings.items():
        needed.readings[revision] = tuple(
            _tried(run, item, revision, seen, tried) for item in found
        )
    for revision, failure in failures.items():
        if revision in tried.statements and revision not in {**tried.failures, **tried.untried}:
            needed.failures[revision] = replace(
                failure, passed=True, given=tried.given.get(revision, ())
            )
            needed.readings.pop(revision, None)  # what it does with rows is judged itself
            return _joined(pending, revision, seen, tried, needed), needed
    return seen, needed


def _joined(
    pending: Sequence[Migration], revision: str, seen: Seen, tried: Seen, needed: RowsNeeded
) -> Seen:
    """Take a migration that needs rows, and those after it, from the pass that has them."""
    revisions = [item.revision for item in pending]
    start = revisions.index(revision)
    for stopped, reason in tried.failures.items():
        error = next((i for i in tried.statements.get(stopped, ()) if i.error), None)
        if error is None or (error.error and error.error.sqlstate[:2] in {"22", "23", "P0"}):
            sql = error.sql if error else ""
            told = error.error if error else None
            needed.failures[stopped] = Failure(sql, reason, (), False, told)
    earlier = {name: seen.statements[name] for name in revisions[:start] if name in seen.statements}
    later = {name: tried.statements[name] for name in revisions[start:] if name in tried.statements}
    return replace(
        tried,
        statements={**earlier, **later},
        failures={name: told for name, told in tried.failures.items() if name in later},
    )


def _failures(run: Run, pending: Sequence[Migration], seen: Seen) -> dict[str, Failure]:
    """Return the failure that rows may prevent: the run stops at its first."""
    for item in pending:
        if item.revision not in seen.failures or item.revision in seen.untried:
            continue
        statements = seen.statements.get(item.revision, [])
        refused = next((one for one in statements if one.error), None)
        earlier = [name for one in statements for name in one.selects] if _is_code(item) else []
        relations = sorted(set(_lacking(run, refused, earlier)))
        if relations:
            sql, error = (refused.sql, refused.error) if refused else ("", None)
            reason = seen.failures[item.revision]
            return {item.revision: Failure(sql, reason, tuple(relations), False, error)}
    return {}


def _lacking(run: Run, refused: StatementEffects | None, earlier: Iterable[str]) -> Iterator[str]:
    """Yield the tables without rows here that a failure may be due to."""
    if refused is None or refused.error is None:
        yield from _filled(run, earlier)
    elif refused.error.sqlstate == FOREIGN_KEY_VIOLATION:
        told = re.search(r'is not present in table "(.+)"', refused.error.detail)
        if told:
            yield from _filled(run, _named(run, told[1]))
    elif refused.error.sqlstate in BY_NO_ROW:
        # What is refused is undone: of what it read, the engine keeps the plans that had ended.
        read = re.findall(_READ, refused.sql, re.I)
        named = [name for word in read for name in _named(run, bare(last(word)))]
        yield from _filled(run, [*earlier, *refused.reads, *named])


def _named(run: Run, name: str) -> Iterator[str]:
    """Yield production's relations of a name, by their present names."""
    tables = run.snapshot.relation if run.snapshot else {}
    now = {was: later for later, was in run.renamed.items()}
    for relation in tables:
        present = now.get(relation, relation)
        if bare(last(present)) == name:
            yield present


def _filled(run: Run, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        schema = name.partition(".")[0]
        system = schema.startswith("pg_") or schema in {"information_schema", "dbs_twin"}
        if not system and not is_version_table(name) and not run.is_empty(name):
            yield name


def _is_code(migration: Migration) -> bool:
    """Tell whether a migration goes other ways by what it reads, as programs can."""
    return migration.asks or not migration.path.endswith(".sql")


def _readings(
    run: Run, migration: Migration, statements: Sequence[StatementEffects]
) -> Iterator[Reading]:
    for index, statement in enumerate(statements):
        if statement.error:
            continue
        inner = sorted(set(_filled(run, statement.reads)))
        if inner:
            yield Reading(index, tuple(inner))
        elif _is_code(migration):
            outer = sorted(set(_filled(run, statement.selects)))
            if outer:
                yield Reading(index, tuple(outer), client=True)


def _tried(run: Run, reading: Reading, revision: str, seen: Seen, tried: Seen) -> Reading:
    """Add what was seen besides with made-up rows."""
    if revision not in tried.statements or revision in {**tried.failures, **tried.untried}:
        return reading
    first, second = seen.statements[revision], tried.statements[revision]
    sql = first[reading.index].sql
    if reading.client:
        known = {item.sql for item in first}
        before: list[StatementEffects] = []
        after = [item for item in second if item.sql not in known]
    else:
        before = [item for item in first if item.sql == sql]
        after = [item for item in second if item.sql == sql]
    was = {told for item in before for told in _told(run, item)}
    more = dict.fromkeys(told for item in after for told in _told(run, item) if told not in was)
    return replace(reading, more=tuple(more), tried=True)


def _told(run: Run, statement: StatementEffects) -> Iterator[str]:
    """Yield what a statement does to tables that have rows in production."""
    for name in statement.rewrites:
        if not run.is_empty(name):
            yield f"rewrites {name}"
    for index, name in statement.index_builds.items():
        if name not in statement.rewrites and not run.is_empty(name):
            yield f"builds {index} on {name}"
    for name in statement.rows_modified:
        if not run.is_empty(name):
            yield f"changes rows of {name}"
    for dropped in statement.drops:
        yield f"drops {dropped}"
    for lock in statement.locks:
        if {"reads", "writes"} & set(lock.blocks) and not run.is_empty(lock.blocked):
            yield f"takes {lock.mode} on {lock.relation}"
