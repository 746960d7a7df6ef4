"""Effects: what the engine does for one statement, asked and seen.

An ALTER TABLE is sent with each `ALGORITHM` and `LOCK`, the cheapest first; the engine refuses with
a reason where it cannot, and the first that it takes is what it does. That a table's storage is
written anew is seen from its number in InnoDB's dictionary, which changes.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from dbspecialist.engines.mysql.alter import Alter, read_alter
from dbspecialist.engines.mysql.asking import UNSUPPORTED, Answer, ask
from dbspecialist.engines.mysql.catalogue import read_table
from dbspecialist.engines.mysql.driver import (
    Connection,
    MySQLError,
    engine_error,
    execute,
    rows,
)
from dbspecialist.engines.mysql.names import in_sql, parts, quoted, shown
from dbspecialist.engines.mysql.storage import Storage, read_storage
from dbspecialist.engines.mysql.tags import DML, tag_of
from dbspecialist.facts.catalogue import Catalogue, Difference, differences
from dbspecialist.facts.effects import EngineError

_SETTINGS = (
    *("lock_wait_timeout", "innodb_lock_wait_timeout", "sql_mode", "foreign_key_checks"),
    "innodb_strict_mode",
)


#: MariaDB documentation, "Metadata Lock Info Plugin"; MySQL manual, "The metadata_locks Table".
_LOCKS = """
SELECT table_schema, table_name, lock_mode FROM information_schema.metadata_lock_info
WHERE thread_id = %s AND lock_type = 'Table metadata lock'
"""
_LOCKS_MYSQL = """
SELECT object_schema, object_name, concat('MDL_', lock_type)
FROM performance_schema.metadata_locks
WHERE owner_thread_id = (SELECT thread_id FROM performance_schema.threads WHERE processlist_id = %s)
  AND object_type = 'TABLE' AND lock_status = 'GRANTED'
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one statement did.

    Args:
        tag: Its command (`ALTER TABLE`).
        table: The table that an ALTER names, or "".
        answer: How the engine changes that table, or nothing.
        clauses: The answer for each clause by itself, where there are several.
        before: The storage before it; `after` behind it.
        locks: Metadata locks that the session holds behind it: relation and mode.
        warnings: What the engine warned of: number and text.
        changes: What it changed in the catalogue of the table that it alters or makes.
        rows: How many rows it changed.
        was_in_transaction: Whether a transaction was open when it was sent.
        in_transaction: Whether one is open behind it.
        settings: Settings of the session.
        error: The engine's refusal, or nothing.
    """

    tag: str
    table: str = ""
    answer: Answer | None = None
    clauses: tuple[tuple[str, Answer], ...] = ()
    before: Storage = field(default_factory=Storage)
    after: Storage = field(default_factory=Storage)
    locks: tuple[tuple[str, str], ...] = ()
    warnings: tuple[tuple[int, str], ...] = ()
    changes: tuple[Difference, ...] = ()
    rows: int = 0
    was_in_transaction: bool = False
    in_transaction: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    error: EngineError | None = None
    elapsed_ms: float = 0.0


class Observer:
    """Sends statements on one session and sees from another what they did.

    Args:
        session: The session that runs the migration.
        admin: A session that may read InnoDB's dictionary.
        database: The database that the migration starts in.
        engine: `mariadb` or `mysql`.
    """

    def __init__(self, session: Connection, admin: Connection, database: str, engine: str) -> None:
        self.session, self.admin = session, admin
        self.database, self.engine = database, engine
        self._home = database
        self.storage = read_storage(admin, database, engine)

    def send(self, sql: str) -> Seen:
        """Send one statement and return what was seen."""
        before = self.storage
        table = self._defined(read_alter(sql))
        settings = {name: str(value) for name, value in self._settings()}
        was_open = in_transaction(self.session)
        alter = read_alter(sql)
        started = time.perf_counter()
        if alter is not None and self._is_there(alter):
            seen = self._alter(alter)
        else:
            seen = self._plain(sql, tag_of(sql))
        elapsed = (time.perf_counter() - started) * 1000
        self.storage = read_storage(self.admin, self._home, self.engine)
        return replace(
            seen,
            before=before,
            after=self.storage,
            changes=self._changes(seen, table, before),
            settings=settings,
            was_in_transaction=was_open,
            in_transaction=in_transaction(self.session),
            elapsed_ms=elapsed,
        )

    def _defined(self, alter: Alter | None) -> Catalogue:
        """Read the table that an ALTER names, as it is now."""
        if alter is None:
            return Catalogue()
        schema = alter.schema or self.database
        return read_table(self.admin, schema, alter.table, self.engine)

    def _changes(self, seen: Seen, before: Catalogue, storage: Storage) -> tuple[Difference, ...]:
        """Compare the table of an ALTER with itself before it, and list what new tables have."""
        if seen.table in self.storage.tables:  # it keeps its name
            return differences(before, self._read(seen.table))
        if seen.tag != "CREATE TABLE":
            return ()
        found: list[Difference] = []
        for name in self.storage.tables.keys() - storage.tables.keys():
            found += differences(Catalogue(), self._read(name))
        return tuple(found)

    def _read(self, name: str) -> Catalogue:
        schema, table = parts(name)
        return read_table(self.admin, schema, table, self.engine)

    def _settings(self) -> list[tuple[str, object]]:
        asked = ", ".join(("database()", *(f"@@{name}" for name in _SETTINGS)))
        database, *found = rows(self.session, f"SELECT {asked}")[0]
        self.database = database or self.database
        return list(zip(_SETTINGS, found, strict=True))

    def _name(self, alter: Alter) -> str:
        return shown(alter.schema or self.database, alter.table)

    def _is_there(self, alter: Alter) -> bool:
        return self._name(alter) in self.storage.tables

    def _plain(self, sql: str, tag: str) -> Seen:
        try:
            with self._open_for(tag), self.session.cursor() as cursor:
                changed = int(cursor.execute(sql))
                warned = bool(cursor.warning_count)
                warnings = self._warnings() if warned else ()
                locks = self._locks()
        except MySQLError as error:
            return Seen(tag, error=engine_error(self.session, error))
        return Seen(tag, warnings=warnings, rows=changed, locks=locks)

    @contextlib.contextmanager
    def _open_for(self, tag: str) -> Iterator[None]:
        """Keep a transaction open around a statement that would be one by itself.

        Its locks are gone with it otherwise.
        """
        if tag not in DML or in_transaction(self.session):
            yield
            return
        execute(self.session, "START TRANSACTION")
        try:
            yield
        except BaseException:
            execute(self.session, "ROLLBACK")
            raise
        execute(self.session, "COMMIT")

    def _locks(self) -> tuple[tuple[str, str], ...]:
        """Read the metadata locks that the session holds: relation and mode."""
        query = _LOCKS_MYSQL if self.engine == "mysql" else _LOCKS
        number = self.session.thread_id()  # type: ignore[no-untyped-call]
        try:
            found = rows(self.admin, query, [number])
        except MySQLError:  # the plugin is not installed, or performance_schema is off
            return ()
        return tuple((shown(schema, table), mode) for schema, table, mode in found)

    def _warnings(self) -> tuple[tuple[int, str], ...]:
        found = rows(self.session, "SHOW WARNINGS")
        return tuple((int(number), str(text)) for level, number, text in found if level != "Note")

    def _alter(self, alter: Alter) -> Seen:
        tag, name = tag_of(alter.sql), self._name(alter)
        clauses = self._by_clause(alter) if len(alter.clauses) > 1 else ()
        answer, error = ask(self.session, alter, self.engine)
        if answer is None and error is None:  # nothing fits the algorithm that it asserts
            return replace(self._plain(alter.sql, tag), table=name, clauses=clauses)
        if error is not None:
            return Seen(tag, name, clauses=clauses, error=error)
        # `SHOW WARNINGS` tells of the last statement that had a message: earlier refusals too.
        warnings = tuple(item for item in self._warnings() if item[0] not in UNSUPPORTED)
        return Seen(tag, name, answer, clauses, warnings=warnings)

    def _by_clause(self, alter: Alter) -> tuple[tuple[str, Answer], ...]:
        """Ask for each clause by itself, on a table of the same definition."""
        found = []
        copy = Alter(
            alter.sql, "", PROBE, f"ALTER TABLE {quoted(PROBE)}", alter.clauses, alter.algorithm
        )
        for clause in alter.clauses:
            if not self._make_probe(self._name(alter)):
                return ()
            answer, _ = ask(self.session, copy, self.engine, (clause,))
            if answer is not None:
                found.append((clause, answer))
        execute(self.session, f"DROP TABLE IF EXISTS {quoted(PROBE)}")
        return tuple(found)

    def _make_probe(self, name: str) -> bool:
        """Make an empty table of the same definition; tell whether the engine let us."""
        try:
            execute(self.session, f"DROP TABLE IF EXISTS {quoted(PROBE)}")
            execute(self.session, f"CREATE TABLE {quoted(PROBE)} LIKE {in_sql(name)}")
        except MySQLError:
            return False
        return True


#: SERVER_STATUS_IN_TRANS (MariaDB documentation, "OK_Packet").
_IN_TRANSACTION = 1
#: The table on which clauses are tried.
PROBE = "dbs_probe"


def in_transaction(session: Connection) -> bool:
    """Tell whether a transaction is open, from the flags of the server's last answer."""
    return bool(getattr(session, "server_status", 0) & _IN_TRANSACTION)
