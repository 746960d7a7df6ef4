"""What one statement did: asked of SQLite before it, and read from the file after it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from dbspecialist.engines.sqlite.catalogue import read_catalogue
from dbspecialist.engines.sqlite.connection import Session, engine_error, is_stopped
from dbspecialist.engines.sqlite.names import bare, quoted, shown
from dbspecialist.engines.sqlite.script import tag_of
from dbspecialist.facts.catalogue import Catalogue, differences
from dbspecialist.facts.effects import StatementEffects

#: Settings of a connection that decide what a statement does.
SETTINGS = ("foreign_keys", "legacy_alter_table", "defer_foreign_keys")


@dataclass
class Plan:
    """What SQLite's program for a statement touches (SQLite manual, "The SQLite Bytecode Engine").

    Args:
        scans: Tables that it reads from the beginning.
        reads: Tables that it reads in any way and does not write.
        writes: Tables whose rows it writes.
    """

    scans: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)


class Observer:
    """Sends statements over one session and tells what each did.

    Args:
        session: The connection; what it did before is known through `catalogue`.
        sizes: Rows in production, by table, where they are known.
    """

    def __init__(self, session: Session, sizes: Mapping[str, float] | None = None) -> None:
        self.session, self.transaction = session, 1
        self.sizes = dict(sizes or {})
        self.catalogue = read_catalogue(session.connection)
        self._version = self._schema_version()

    def send(self, sql: str, line: int | None = None) -> StatementEffects:
        """Run a statement; a refusal is part of what it did."""
        settings, inside = self._settings(), self.session.in_transaction
        counts, plan = self.counts(), self._plan(sql)
        changes_before = self.session.connection.total_changes
        before, number, started = self.catalogue, self.transaction, time.perf_counter()
        error, unchecked = None, ""
        try:
            self.session.execute(sql)
        except sqlite3.Error as raised:
            error = engine_error(raised)
            if is_stopped(raised):
                error, unchecked = None, "it was stopped for its time"
        except sqlite3.Warning as raised:
            error = engine_error(sqlite3.Error(*raised.args))
        elapsed = (time.perf_counter() - started) * 1000
        if not self.session.in_transaction:
            self.transaction += 1
        if self._schema_version() != self._version or error is not None:
            self.catalogue = read_catalogue(self.session.connection)
            self._version = self._schema_version()
        tag = tag_of(sql)
        after = self._settings()
        if tag.startswith("PRAGMA "):
            settings |= {f"{name} after": value for name, value in after.items()}
        changes = differences(before, self.catalogue)
        now = self.counts()
        renames = _renames(before, self.catalogue) if tag == "ALTER TABLE" else {}
        gone = {item.before.key for item in changes if item.before and item.after is None}
        new = [item.after for item in changes if item.after and item.before is None]
        changed = {} if tag.startswith("ALTER") else self._changed(counts, now, plan)
        if tag == "UPDATE" and len(plan.writes) == 1:
            made = self.session.connection.total_changes - changes_before
            changed |= self._updated(shown(*plan.writes), made, counts)
        lost = (
            ()
            if tag == "DELETE"
            else tuple(n for n, had in counts.items() if now.get(n, had) < had)
        )
        drops = [f"{kind} {name}" for kind, name in sorted(gone) if kind in _OBJECTS]
        return StatementEffects(
            sql,
            line,
            (tag,),
            number,
            inside,
            rewrites={
                shown(name): "its rows are written" for name in plan.writes if tag == "ALTER TABLE"
            },
            scans=tuple(sorted(shown(name) for name in plan.scans)),
            rows_modified=changed,
            rows_lost=lost,
            drops=() if renames else tuple(drops),
            creates=()
            if renames
            else tuple((tag, item.kind, item.name) for item in new if item.kind in _OBJECTS),
            renames=renames,
            settings=settings,
            error=error,
            unchecked=unchecked,
            elapsed_ms=elapsed,
            changes=changes,
        )

    def counts(self) -> dict[str, int]:
        """Return how many rows each table has on the twin."""
        return {
            item.name: int(
                str(self.session.value(f"SELECT count(*) FROM {quoted(bare(item.name))}"))
            )
            for item in self.catalogue.of_kind("table")
            if not item.attributes["virtual"]
        }

    def _changed(self, before: dict[str, int], now: dict[str, int], plan: Plan) -> dict[str, float]:
        """Return production's number of the rows that came or went, where sizes are known.

        It is the share of the made-up rows; rows that come are held against those that were read.
        """
        found = {}
        read = [shown(name) for name in plan.reads - plan.writes]
        for name, count in before.items():
            change = now.get(name, count) - count
            base = name if change < 0 or len(read) != 1 else read[0]
            if change and before.get(base) and base in self.sizes:
                found[name] = abs(change) / before[base] * self.sizes[base]
        return found

    def _updated(self, table: str, made: int, counts: dict[str, int]) -> dict[str, float]:
        """Return production's number of the rows that an UPDATE changes."""
        if not counts.get(table) or table not in self.sizes:
            return {}
        return {table: min(made / counts[table], 1.0) * self.sizes[table]}

    def _settings(self) -> dict[str, str]:
        return {name: "on" if self.session.value(f"PRAGMA {name}") else "off" for name in SETTINGS}

    def _schema_version(self) -> object:
        return self.session.value("PRAGMA schema_version")

    def _plan(self, sql: str) -> Plan:
        """Read which tables the statement's program scans and writes; nothing where it is none."""
        plan, roots = Plan(), self._roots()
        opened: dict[object, str] = {}
        try:
            steps = self.session.execute(f"EXPLAIN {sql}")
        except (sqlite3.Error, sqlite3.Warning):
            return plan
        for _, code, first, second, third, *_ in steps:
            if code in {"OpenRead", "OpenWrite"} and third == 0 and second in roots:
                opened[first] = roots[second]
                if code == "OpenRead":
                    plan.reads.add(roots[second])
            elif code == "Rewind" and first in opened:
                plan.scans.add(opened[first])
            elif code == "Insert" and first in opened:
                plan.writes.add(opened[first])
        return plan

    def _roots(self) -> dict[object, str]:
        query = "SELECT rootpage, name FROM sqlite_schema WHERE type = 'table' AND rootpage > 1"
        return {page: str(name) for page, name in self.session.execute(query)}


#: What is told of a script that ends within a transaction.
OPEN = "the transaction is still open at the end"
_OBJECTS = frozenset({"table", "index", "view", "trigger"})


def _renames(before: Catalogue, after: Catalogue) -> dict[str, str]:
    """Return the table that an ALTER TABLE renamed, by its name before."""
    old = {item.name for item in before.of_kind("table")}
    new = {item.name for item in after.of_kind("table")}
    gone, come = old - new, new - old
    return {gone.pop(): come.pop()} if len(gone) == len(come) == 1 else {}
