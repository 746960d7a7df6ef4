"""The witness of one session: what its backend held before a statement, and what it holds after."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbspecialist.engines.postgresql.changed_columns import Columns, changed_columns
from dbspecialist.engines.postgresql.effects import compare
from dbspecialist.engines.postgresql.observation import Observation
from dbspecialist.engines.postgresql.planned import planned
from dbspecialist.facts.effects import WAITS_FOR_ITSELF, EngineError, StatementEffects
from dbspecialist.facts.migration import VERSION_TABLES
from dbspecialist.twins.observed.bystander import Bystander
from dbspecialist.twins.observed.translation import Ask
from dbspecialist.twins.observed.witness import Outcome
from dbspecialist.twins.sizes import data_file, give_page

if TYPE_CHECKING:
    from dbspecialist.twins.observed.observer import Observer

_PLAIN = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "COPY"})
_SILENT = frozenset({"SHOW", "LISTEN", "DEALLOCATE", "FETCH"})


@dataclass
class SessionObserver:
    """The witness of one session: keeps what its backend held before the statement."""

    observer: Observer
    before: Observation | None = None
    transaction: int = 0
    stopped: str = ""
    _seen_outside: dict[str, Any] = field(default_factory=dict)
    _changed: bool = False

    @property
    def asks(self) -> bool:
        """Whether to ask what each statement did."""
        return self.observer.effects

    @property
    def key(self) -> str:
        """What the twin's functions know the observer by."""
        return self.observer.key

    def translated(self, sql: str, ask: Ask) -> tuple[str, str]:
        """Return what is sent for a statement, and what of it is tried otherwise, or ""."""
        return self.observer.translation.translated(sql, ask)

    def baseline(self, seen: bytes | None, *, fresh: bool) -> None:
        """Take note of what the backend holds before the next statement."""
        self.before = Observation.parse(seen) if seen else None
        if fresh:
            with self.observer.lock:
                self.observer.transactions += 1
                self.transaction = self.observer.transactions

    def statement(self, sql: str, outcome: Outcome, seen: bytes | None, *, inside: bool) -> None:
        """Record what a statement did."""
        after = (self.before or Observation()).then(Observation.parse(seen)) if seen else None
        effects = StatementEffects(
            sql=sql,
            tags=tuple(outcome.tags),
            transaction=self.transaction if after or inside or self._seen_outside else 0,
            in_transaction=inside,
            parameters=outcome.parameters,
            error=outcome.error,
            elapsed_ms=outcome.elapsed_ms,
            unchecked=self._stopped(outcome.error) or outcome.tried_with,
            names=self.observer.relations.names_in(after),
            **planned(
                outcome.plans,
                outcome.tags,
                outcome.error,
                after,
                self._columns,
                begun=outcome.begun,
            ),
            **self._compared(after, outcome),
        )
        if after:
            self.observer.relations.note_made(after)
            _lengthen(self.observer.data, self.before, after)
            self.before = replace(after, events=())
        if self._of_interest(effects):
            self.observer.add(effects)
            self._changed = True

    def ended(self) -> None:
        """Take note of the end of a transaction."""
        written = {oid for oid, _ in self.before.columns} if self.before else set()
        self.before = None
        if self._changed and self.asks:
            self._changed = False
            self.observer.relations.refresh(written)

    @property
    def _columns(self) -> Columns:
        return self.observer.relations.columns

    def _compared(self, after: Observation | None, outcome: Outcome) -> Mapping[str, Any]:
        outside, self._seen_outside = self._seen_outside, {}
        if outside:
            return outside
        if after is None or self.before is None:
            return {"settings": self.before.settings} if self.before else {}
        # CREATE TABLE AS and CREATE MATERIALIZED VIEW end with the tag of their query.
        ddl = any(item["event"] == "command" for item in after.events)
        utility = ddl or not all(tag.split(" ")[0] in _PLAIN for tag in outcome.tags)
        return compare(
            self.before,
            after,
            self.observer.relations.within(self.before),
            outcome.plans,
            utility=utility,
            columns=self.observer.relations.columns,
            first=self.observer.relations.original_columns,
        )

    def _of_interest(self, effects: StatementEffects) -> bool:
        """Leave out what only reads: a driver's look at the catalogue, a SHOW."""
        if effects.error or effects.unchecked or effects.locks or effects.rows_modified:
            return True
        first = {tag.split(" ")[0] for tag in effects.tags}
        if first == {"SELECT"}:
            line = getattr(self.observer.current, "line", None)
            return line is not None or any(map(_is_a_users, effects.selects))
        return bool(first - _SILENT)

    def _stopped(self, error: EngineError | None) -> str:
        stopped, self.stopped = self.stopped, ""
        if stopped or error is None or not error.stopped:
            return stopped
        return f"stopped by the machine that the twin is on ({error.message})"

    @contextlib.contextmanager
    def watching(self, backend: int) -> Iterator[None]:
        """Watch a statement that cannot run inside a transaction from a second session."""
        bystander = Bystander(self.observer.spare, backend, self.observer.relations.known)
        columns = self.observer.relations.columns
        with bystander:
            yield
        self.observer.relations.refresh(None)
        with self.observer.lock:
            self.observer.transactions += 1
            self.transaction = self.observer.transactions
        settings = dict(self.before.settings) if self.before else {}
        changed = changed_columns(
            columns, self.observer.relations.columns, self.observer.relations.original_columns, ()
        )
        self._seen_outside = {**bystander.effects(), "columns": changed, "settings": settings}

    @contextlib.contextmanager
    def deadline(self, backend: int) -> Iterator[None]:
        """Stop a statement that does not end."""
        watchdog = self.observer.watchdog
        with watchdog.watching(backend) as running:
            yield
        if running.stopped:
            why = f", {WAITS_FOR_ITSELF}" if running.waits_for_itself else ""
            self.stopped = f"stopped after {watchdog.seconds:g} s on the twin{why}"


def _is_a_users(relation: str) -> bool:
    """Tell whether a relation is no catalogue and no version table of a toolchain."""
    schema, _, name = relation.rpartition(".")
    system = schema.startswith("pg_") or schema in {"information_schema", "dbs_twin"}
    return not system and name.strip('"') not in VERSION_TABLES


def _lengthen(data: Path, before: Observation | None, after: Observation) -> None:
    """Give tables whose file is new one page, without which the planner sees no rows."""
    nodes = {held.oid: held.filenode for held in before.locks} if before else {}
    for held in after.locks:
        if held.kind in {"r", "m"} and held.path and held.filenode != nodes.get(held.oid):
            with contextlib.suppress(FileNotFoundError):
                give_page(data_file(data, held.path))
