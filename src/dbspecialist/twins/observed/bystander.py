"""The second session that watches what cannot run inside a transaction.

CREATE INDEX CONCURRENTLY and its kin commit on the way, so their locks cannot be read in their
own transaction. The bystander holds a lock on every table, which makes the statement wait while
it asks for or holds its own; reads those from pg_locks; and lets go, three times over.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.effects import lock_of
from dbspecialist.engines.postgresql.observation import Known, read_known
from dbspecialist.facts.locks import LOCK_MODES, Lock
from dbspecialist.twins.observed.spare import SpareConnections

#: How long the statement is given to reach its first wait.
PATIENCE_SECONDS = 0.25

#: What the bystander holds, one after the other: the first stops whatever changes a table, the
#: second who waits for writers, the third who wants the table for itself.
MODES = ("SHARE UPDATE EXCLUSIVE", "ROW EXCLUSIVE", "ACCESS SHARE")

_LOCKS = """
SELECT l.relation::bigint, l.mode, a.wait_event_type = 'Lock', a.state
FROM pg_stat_activity a
LEFT JOIN pg_locks l ON l.pid = a.pid AND l.locktype = 'relation' AND l.relation >= 16384
WHERE a.pid = %s
"""

_INVALID = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid AND c.relkind = 'i' ORDER BY 1
"""


class Bystander:
    """Watches one statement of another backend from outside."""

    def __init__(
        self,
        spare: SpareConnections,
        backend: int,
        known: Mapping[int, Known],
    ) -> None:
        self._spare, self._backend, self._known = spare, backend, known
        self._lent = contextlib.ExitStack()
        self._modes: dict[int, int] = {}
        self._done = threading.Event()

    def __enter__(self) -> None:
        first, second, self._watcher = (
            self._lent.enter_context(self._spare.lent()) for _ in range(3)
        )
        self._blockers = first, second
        self._before = read_known(self._watcher)
        self._invalid = self._invalid_indexes()
        self._hold(self._blockers[0], MODES[0])
        self._thread = threading.Thread(target=self._watch_while_there, daemon=True)
        self._thread.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()
        with self._lent:
            self._after = read_known(self._watcher)
            self._new_invalid = self._invalid_indexes() - self._invalid

    def effects(self) -> dict[str, Any]:
        """Return what was seen, as arguments of `StatementEffects`."""
        return {
            "locks": self._locks(),
            "index_builds": self._builds(),
            "rewrites": self._rewrites(),
            "scans": tuple(sorted(set(self._builds().values()))),
            "invalid_indexes": tuple(sorted(self._new_invalid)),
            "drops": tuple(
                f"{was.kind} {was.name}"
                for oid, was in self._before.items()
                if oid not in self._after
            ),
        }

    def _hold(self, holder: psycopg.Connection[tuple[Any, ...]], mode: str) -> None:
        """Lock every table, or none where that would have to wait behind the statement."""
        tables = [
            item.name
            for item in self._before.values()
            if item.kind in {"table", "partitioned table"}
        ]
        if not tables:
            return
        holder.execute("BEGIN")
        try:
            holder.execute(
                f"LOCK TABLE ONLY {', ONLY '.join(tables)} IN {mode} MODE NOWAIT".encode()
            )
        except psycopg.errors.LockNotAvailable:
            holder.execute("ROLLBACK")

    def _watch_while_there(self) -> None:
        try:
            self._watch()
        except psycopg.OperationalError:
            # The server may end in between; whoever opened it then has other things to tell.
            if not any(item.broken for item in (self._watcher, *self._blockers)):
                raise

    def _watch(self) -> None:
        """Let the statement pass from one lock to the next, and note what it holds at each.

        At every wait the next, weaker locks are taken before those it waits for are released:
        what it waits for by name (other transactions) it has listed by then, so it comes to its
        next lock and waits for the new ones.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        stages = list(MODES[1:])
        holder, other = self._blockers
        holding = True
        while not self._done.is_set():
            waits = self._note_locks()
            if not holding or not (waits or time.monotonic() > deadline):
                continue
            holding = waits and bool(stages)
            if holding:
                self._hold(other, stages.pop(0))
            holder.execute("ROLLBACK")
            holder, other = other, holder
            # The engine takes a moment to wake it, in which it still seems to wait.
            time.sleep(0.002)

    def _note_locks(self) -> bool:
        """Note the locks that the statement holds or asks for; tell whether it waits."""
        rows = self._watcher.execute(_LOCKS, (self._backend,)).fetchall()
        for oid, mode, _, _ in rows:
            if oid is not None and mode in LOCK_MODES:
                rank = LOCK_MODES.index(mode)
                self._modes[oid] = max(rank, self._modes.get(oid, 0))
        return any(row[2] for row in rows)

    def _invalid_indexes(self) -> set[str]:
        return {row[0] for row in self._watcher.execute(_INVALID)}

    def _locks(self) -> tuple[Lock, ...]:
        modes = dict(self._modes)
        for oid, rank in self._of_new_files():
            modes[oid] = max(rank, modes.get(oid, 0))
        found = [
            lock_of(oid, rank, self._known)
            for oid, rank in modes.items()
            if self._is_existing(oid)
            and rank > modes.get(self._known[oid].table, 0)
            and not self._is_dropped_index(oid)
        ]
        return tuple(sorted(found, key=lambda lock: (lock.table, lock.relation)))

    def _of_new_files(self) -> Iterator[tuple[int, int]]:
        """Yield the locks without which the files that are new could not have been made.

        REINDEX SCHEMA and its kin come to most relations when nobody is left whom they would wait
        for. Source: PostgreSQL source, relcache.c, RelationSetNewRelfilenumber, and index.c,
        reindex_index and index_concurrently_build.
        """
        for oid, now in self._after.items():
            was = self._before.get(oid)
            in_place = was is not None and was.filenode != now.filenode
            if in_place:
                yield oid, LOCK_MODES.index("AccessExclusiveLock")
            if now.table and (was is None or in_place):
                mode = "ShareLock" if in_place else "ShareUpdateExclusiveLock"
                yield now.table, LOCK_MODES.index(mode)

    def _is_dropped_index(self, oid: int) -> bool:
        """Tell whether an index went: nobody plans with it when its last lock is asked for.

        Source: PostgreSQL source, index.c, index_drop and index_concurrently_set_dead.
        """
        return bool(self._known[oid].table) and oid not in self._after

    def _is_existing(self, oid: int) -> bool:
        return oid in self._known and self._known[oid].existing

    def _builds(self) -> dict[str, str]:
        """Return indexes that are new or anew, on tables that existed before the migrations."""
        return {
            now.name: self._known[now.table].name
            for oid, now in self._after.items()
            if now.kind == "index"
            and self._is_existing(now.table)
            and (oid not in self._before or self._before[oid].filenode != now.filenode)
        }

    def _rewrites(self) -> dict[str, str]:
        return {
            was.name: "its storage is replaced"
            for oid, was in self._before.items()
            if not was.table
            and self._is_existing(oid)
            and oid in self._after
            and self._after[oid].filenode != was.filenode
        }
