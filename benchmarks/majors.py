"""Compare what DDL does on PostgreSQL 14 to 18: locks, rewrites, scans, indexes built anew.

Each statement of majors_statements.sql runs in a transaction of its own over the schema of
majors.sql, on a real server of every major, and is rolled back. What an older major does otherwise
than the twin's is printed; the exit status is 1 where the tool does not tell it.

    python benchmarks/majors.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from servers import MAJORS, binaries
from source_server import source_server

from dbspecialist.engines.postgresql.majors import features, novelties, other_effects

HERE = Path(__file__).parent
TWIN = MAJORS[-1]
#: Of features.toml, recognised by what the engine did.
PARTITIONED_KEY = "a foreign key NOT VALID of a partitioned table"

NOTE = """
CREATE SCHEMA notes;
CREATE TABLE notes.rewritten (relation oid);
CREATE FUNCTION notes.note() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO notes.rewritten VALUES (pg_event_trigger_table_rewrite_oid()); END $$;
CREATE EVENT TRIGGER note ON table_rewrite EXECUTE FUNCTION notes.note();
"""
RELATIONS = """
SELECT oid::int, relname, relkind::text, relfilenode::int FROM pg_class
WHERE oid >= 16384 AND relname !~ '^pg_toast' AND relkind IN ('r', 'i', 'm', 'p', 'I', 'v', 'S')
"""
LOCKS = """
SELECT relation::int, mode FROM pg_locks
WHERE locktype = 'relation' AND pid = pg_backend_pid() AND relation >= 16384
"""
SCANS = """
SELECT oid::int, pg_stat_get_xact_numscans(oid) FROM pg_class
WHERE relkind IN ('r', 'm') AND oid >= 16384
"""
#: From the weakest to the strongest, as the manual's table orders them.
MODES = (
    *("AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock"),
    *("ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"),
)


@dataclass(frozen=True)
class Effects:
    """What one statement did on one server; `indexes` were built or written anew."""

    locks: Mapping[str, str]
    rewrites: tuple[str, ...] = ()
    scans: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    error: str = ""

    def unlike(self, other: Effects) -> dict[str, Any]:
        """What is otherwise here, in parts; a lock that is not taken is `none`."""
        found: dict[str, Any] = {}
        if self.error != other.error:
            return {"error": self.error or "none"}
        names = sorted(self.locks.keys() | other.locks.keys())
        locks = {name: self.locks.get(name, "none") for name in names}
        changed = {n: mode for n, mode in locks.items() if mode != other.locks.get(n, "none")}
        if changed:
            found["locks"] = changed
        for part in ("rewrites", "scans", "indexes"):
            if getattr(self, part) != getattr(other, part):
                found[part] = list(getattr(self, part))
        return found


def statements() -> tuple[str, ...]:
    """The statements that are compared."""
    return tuple((HERE / "majors_statements.sql").read_text().splitlines())


def observed(url: str) -> Iterator[tuple[str, Effects]]:
    """Run every statement on a server and yield what it did."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute((HERE / "majors.sql").read_bytes())
        connection.execute(NOTE.encode())
        for statement in statements():
            connection.execute("BEGIN")
            try:
                yield statement, _effects(connection, statement)
            finally:
                connection.execute("ROLLBACK")


def _effects(connection: psycopg.Connection[Any], statement: str) -> Effects:
    before = {row[0]: row for row in connection.execute(RELATIONS.encode())}
    earlier = dict(connection.execute(SCANS.encode()).fetchall())  # not reported yet
    try:
        connection.execute(statement.encode())
    except psycopg.Error as error:
        return Effects({}, error=error.sqlstate or "")
    after = {row[0]: row for row in connection.execute(RELATIONS.encode())}
    locks: dict[str, str] = {}
    for oid, mode in connection.execute(LOCKS.encode()):
        name = before[oid][1] if oid in before else ""
        if name and MODES.index(mode) > MODES.index(locks.get(name, MODES[0])):
            locks[name] = mode
    counted = dict(connection.execute(SCANS.encode()).fetchall())
    scans = [oid for oid, count in counted.items() if count > earlier.get(oid, count)]
    rewritten = {row[0] for row in connection.execute("SELECT relation::int FROM notes.rewritten")}
    return Effects(
        locks={name: locks[name] for name in sorted(locks) if name != "rewritten"},
        rewrites=tuple(sorted(before[oid][1] for oid in rewritten)),
        scans=tuple(sorted(before[oid][1] for oid in scans)),
        indexes=tuple(
            sorted(
                row[1]
                for oid, row in after.items()
                if row[2] == "i" and (oid not in before or before[oid][3] != row[3])
            )
        ),
    )


def compared(urls: Mapping[int, str]) -> dict[str, dict[int, dict[str, Any]]]:
    """What older majors do otherwise than the twin's, by statement and major.

    Args:
        urls: A server of each major, in which a database is made.
    """
    seen = {major: dict(observed(_database(url))) for major, url in urls.items()}
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for statement in statements():
        for major in MAJORS[:-1]:
            unlike = seen[major][statement].unlike(seen[TWIN][statement])
            if unlike:
                found.setdefault(statement, {})[major] = unlike
    return found


def _database(url: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE compared")
    return url.replace("/postgres?", "/compared?")


def untold(found: Mapping[str, Mapping[int, Any]]) -> list[tuple[int, str]]:
    """List what differs and is neither in effects.toml nor in features.toml."""
    effects = {(name, item.until) for item in other_effects() for name in item.statements}
    described = {item.what for item in features()}
    return [
        (major, statement)
        for statement, by_major in found.items()
        for major in by_major
        if not any(name == statement and major <= until for name, until in effects)
        and not novelties(statement, major)
        and not (statement.endswith("NOT VALID") and PARTITIONED_KEY in described)
    ]


def main() -> int:
    """Print the comparison."""
    with ExitStack() as servers:
        found = compared(
            {major: servers.enter_context(source_server(binaries(major))) for major in MAJORS}
        )
    for statement, by_major in found.items():
        print(statement)
        for major, unlike in by_major.items():
            print(f"  {major}: {unlike}")
    print(f"{len(found)} of {len(statements())} statements differ from {TWIN} on an older major")
    for major, statement in untold(found):
        print(f"not told: {major}: {statement}")
    return 1 if untold(found) else 0


if __name__ == "__main__":
    sys.exit(main())
