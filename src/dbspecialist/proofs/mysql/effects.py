"""Effects of a statement as facts: locks, rewrites, index builds, and how long they block."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dbspecialist.engines.mysql.effects import Seen
from dbspecialist.engines.mysql.tags import DML
from dbspecialist.facts.effects import Clause, StatementEffects
from dbspecialist.facts.locks import Lock
from dbspecialist.facts.trial import Run
from dbspecialist.proofs.mysql.rates import Rates

#: What a change to the dictionary alone takes, in milliseconds.
DICTIONARY_MS = 1.0

#: The metadata lock that an ALTER TABLE holds while it works, by its `LOCK` (MySQL source,
#: sql_table.cc, mysql_inplace_alter_table and mysql_alter_table).
MODES: Mapping[str, str] = {
    "NONE": "MDL_SHARED_UPGRADABLE",
    "SHARED": "MDL_SHARED_NO_WRITE",
    "EXCLUSIVE": "MDL_EXCLUSIVE",
}
#: Statements that end a transaction because they say so.
_ENDS = frozenset({"COMMIT", "ROLLBACK"})
_TIMEOUTS = frozenset({"lock_wait_timeout", "innodb_lock_wait_timeout"})


def as_effects(
    seen: Seen,
    sql: str,
    line: int | None,
    *,
    transaction: int,
    created: set[str],
    planned: Mapping[str, float],
) -> StatementEffects:
    """Return what was seen of a statement as facts.

    Args:
        created: Relations that the run made: their locks stop nobody.
        planned: Rows that it changes at production size, by relation.
    """
    answer = seen.answer
    return StatementEffects(
        sql=sql,
        line=line,
        tags=(seen.tag,),
        transaction=transaction,
        in_transaction=seen.was_in_transaction,
        locks=tuple(lock for lock in _locks(seen) if lock.relation not in created),
        rewrites=_rewrites(seen),
        index_builds=_index_builds(seen),
        rows_modified=planned,
        drops=tuple(f"table {name}" for name in _gone(seen)),
        creates=tuple((seen.tag, "table", name) for name in _made(seen)),
        renames=dict(_renamed(seen)),
        settings={name: _setting(name, value) for name, value in seen.settings.items()},
        error=seen.error,
        unchecked=_stopped(seen),
        elapsed_ms=seen.elapsed_ms,
        algorithm=answer.algorithm if answer else "",
        reason=answer.reason if answer else "",
        clauses=tuple(
            Clause(sql, item.algorithm, item.lock, item.reason) for sql, item in seen.clauses
        ),
        commits=seen.was_in_transaction and not seen.in_transaction and seen.tag not in _ENDS,
        warnings=tuple(f"{number} {text}" for number, text in seen.warnings),
        changes=seen.changes,
    )


def _stopped(seen: Seen) -> str:
    """Say that the statement was stopped, or nothing."""
    if seen.error is None or not seen.error.stopped:
        return ""
    return f"stopped on the twin after {seen.elapsed_ms / 1000:.0f} s ({seen.error.message})"


def _setting(name: str, value: str) -> str:
    """Write a time-out in milliseconds; the engine counts seconds."""
    return f"{float(value) * 1000:.0f}" if name in _TIMEOUTS else value


def _locks(seen: Seen) -> Iterator[Lock]:
    if seen.error is not None:
        return
    if seen.answer is not None:
        # INSTANT changes the dictionary under the exclusive lock that every ALTER ends with.
        instant = seen.answer.algorithm == "INSTANT"
        yield Lock(seen.table, "MDL_EXCLUSIVE" if instant else MODES[seen.answer.lock])
        # The tables that new foreign keys refer to are kept from writes as long.
        yield from (Lock(name, "MDL_SHARED_NO_WRITE") for name in _referenced(seen))
        return
    if seen.tag == "OPTIMIZE TABLE":  # as ALTER TABLE … FORCE does
        yield from (Lock(name, MODES["NONE"]) for name in _rewritten(seen))
        return
    changed = {*_gone(seen), *_rewritten(seen)}
    yield from (Lock(name, "MDL_EXCLUSIVE") for name in sorted(changed))
    strongest: dict[str, str] = {}
    for relation, mode in seen.locks:
        if relation not in changed:
            strongest[relation] = max(mode, strongest.get(relation, ""), key=len)
    yield from (Lock(relation, mode) for relation, mode in sorted(strongest.items()))


def _referenced(seen: Seen) -> list[str]:
    """Return the other tables that a statement's new foreign keys refer to."""
    found = {
        item.after.attributes.get("references", "")
        for item in seen.changes
        if item.before is None and item.after is not None
    }
    return sorted(found - {"", seen.table})


def _gone(seen: Seen) -> list[str]:
    """Return tables that have no storage any more, by this name."""
    return [name for name in seen.before.tables if name not in seen.after.tables]


def _made(seen: Seen) -> list[str]:
    renamed = {new for _, new in _renamed(seen)}
    return [
        name for name in seen.after.tables if name not in seen.before.tables and name not in renamed
    ]


def _renamed(seen: Seen) -> Iterator[tuple[str, str]]:
    """Yield the names before and after of tables whose storage has another name now."""
    numbers = {
        number: name for name, number in seen.after.tables.items() if name not in seen.before.tables
    }
    for name in _gone(seen):
        if seen.before.tables[name] in numbers:
            yield name, numbers[seen.before.tables[name]]


def _rewritten(seen: Seen) -> list[str]:
    after = seen.after.tables
    return [
        name
        for name, number in seen.before.tables.items()
        if name in after and after[name] != number
    ]


def _rewrites(seen: Seen) -> dict[str, str]:
    if seen.tag == "TRUNCATE TABLE" or (seen.tag.endswith("TABLE") and "DROP" in seen.tag):
        return {}
    answer = seen.answer
    why = f"ALGORITHM={answer.algorithm}" if answer else seen.tag
    if answer and answer.reason:
        why += f": {answer.reason}"
    return dict.fromkeys(_rewritten(seen), why)


def _index_builds(seen: Seen) -> dict[str, str]:
    """Return the indexes that got new storage while their table kept its own."""
    old = {number for number, _ in seen.before.indexes.values()}
    kept = {
        name for name, number in seen.before.tables.items() if seen.after.tables.get(name) == number
    }
    return {
        key.partition("#")[0]: table
        for key, (number, table) in seen.after.indexes.items()
        if number not in old and table in kept
    }


def estimate_blocked(
    statements: Sequence[StatementEffects], run: Run, rates: Rates
) -> tuple[StatementEffects, ...]:
    """Return the statements with `work_ms` and `blocked_ms` filled in, as far as sizes are known.

    DDL ends its transaction, so its lock is held for its own work; rows stay locked up to the end
    of their transaction.
    """
    work = [work_ms(item, run, rates) for item in statements]
    found = []
    for number, item in enumerate(statements):
        total = work[number]
        if item.tags[0] in DML and item.in_transaction:
            later = [
                other
                for other in range(number + 1, len(statements))
                if statements[other].transaction == item.transaction
            ]
            total += sum(work[other] for other in later)
        blocked = {lock.relation: total for lock in item.locks if lock.blocks}
        found.append(
            replace(
                item,
                work_ms=None if math.isnan(work[number]) else work[number],
                blocked_ms={} if math.isnan(total) else blocked,
            )
        )
    return tuple(found)


def work_ms(statement: StatementEffects, run: Run, rates: Rates) -> float:
    """Estimate how long a statement works at production size, in milliseconds."""
    worked = {*statement.rewrites, *statement.index_builds.values(), *statement.rows_modified}
    if not all(run.knows(name) for name in worked):
        return math.nan
    rate = rates.copy_rows if statement.algorithm == "COPY" else rates.rebuild_rows
    seconds = sum(run.rows(name) / rate for name in statement.rewrites)
    seconds += sum(run.rows(name) / rates.index_rows for name in statement.index_builds.values())
    seconds += sum(statement.rows_modified.values()) / rates.modify_rows
    return DICTIONARY_MS + seconds * 1000
