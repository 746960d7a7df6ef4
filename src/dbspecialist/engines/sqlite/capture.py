"""Capture: a snapshot of one SQLite file, which is opened read-only."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from dbspecialist.engines.sqlite.catalogue import read_catalogue
from dbspecialist.engines.sqlite.names import bare, quoted, shown
from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.statistics import ColumnStatistics, RelationStatistics

#: What a file says of itself.
SETTINGS = ("journal_mode", "auto_vacuum", "encoding", "page_size", "user_version")
#: How long one table's rows are counted.
SECONDS = 10.0
_STEPS = 10_000
_VERSIONS = (
    ("alembic_version", "SELECT version_num FROM alembic_version"),
    (
        "_prisma_migrations",
        "SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL "
        "AND rolled_back_at IS NULL ORDER BY started_at",
    ),
    ("SequelizeMeta", "SELECT name FROM SequelizeMeta ORDER BY name"),
    ("schema_migrations", "SELECT version FROM schema_migrations ORDER BY version"),
)


def path_of(url: str) -> Path:
    """Return the file of `sqlite:///relative.db`, `sqlite:////absolute.db` or `sqlite:file.db`.

    Raises:
        InputError: Where it names none.
    """
    parts = urlsplit(url.strip())
    path = unquote(parts.path)
    if parts.netloc:
        raise InputError("a SQLite URL names no host", url, "write sqlite:///FILE")
    if path.startswith("/") and "///" in url:
        path = path[1:]
    if not path or path == ":memory:":
        raise InputError("the URL names no file", url, "write sqlite:///FILE")
    return Path(path)


def capture(url: str, *, redact: bool = False) -> Snapshot:
    """Capture everything about one file but its rows.

    Rows are counted, and NULLs in each column; no value is read.

    Args:
        url: `sqlite:///FILE`, also with a driver's name.
        redact: Accepted for its like in the other engines: no value is kept anyway.

    Raises:
        InputError: Where the file is none of SQLite's or cannot be read.
    """
    path = path_of(url)
    if not path.is_file():
        raise InputError("there is no file", str(path), "check the path")
    address = f"file:{quote(str(path.resolve()))}?mode=ro"
    unseen: list[str] = []
    try:
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("BEGIN")
            catalogue = read_catalogue(connection)
            statistics = tuple(_statistics(connection))
            counted = [_counted(connection, catalogue, item, unseen) for item in _stored(catalogue)]
            return Snapshot(
                engine="sqlite",
                server_version=_version(),
                database=path.stem,
                source=path.name,
                captured_at=datetime.now(UTC).isoformat(timespec="seconds"),
                catalogue=Catalogue((*catalogue.objects, *statistics)),
                relations=tuple(size for size, _ in counted if size),
                columns=tuple(item for _, columns in counted for item in columns),
                settings=_settings(connection),
                revisions=dict(_revisions(connection, catalogue)),
                unseen=tuple(unseen),
                redacted=redact,
            )
    except sqlite3.Error as error:
        raise InputError(f"SQLite cannot read it: {error}", str(path), "check the file") from error


def _version() -> int:
    major, minor, patch = sqlite3.sqlite_version_info
    return major * 1_000_000 + minor * 1000 + patch


def _stored(catalogue: Catalogue) -> list[SchemaObject]:
    return [item for item in catalogue.of_kind("table") if not item.attributes["virtual"]]


def _counted(
    connection: sqlite3.Connection, catalogue: Catalogue, table: SchemaObject, unseen: list[str]
) -> tuple[RelationStatistics | None, list[ColumnStatistics]]:
    """Count a table's rows and NULLs in one reading, which is stopped after a while."""
    columns = [
        item.name.removeprefix(f"{table.name}.")
        for item in catalogue.parts_of(table.name, "column")
    ]
    counts = ", ".join(f"count({quoted(name)})" for name in columns)
    until = time.monotonic() + SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    try:
        sql = f"SELECT count(*), {counts} FROM {quoted(bare(table.name))}"
        total, *filled = connection.execute(sql).fetchone()
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "") != "SQLITE_INTERRUPT":
            raise
        unseen.append(f"the size of {table.name}: counting took longer than {SECONDS:.0f} s")
        return None, []
    finally:
        connection.set_progress_handler(None, 0)
    size = RelationStatistics(table.name, "table", 0, float(total))
    return size, [
        ColumnStatistics(table.name, name, False, (total - count) / total, 0, 0.0)
        for name, count in zip(columns, filled, strict=True)
        if total
    ]


def _statistics(connection: sqlite3.Connection) -> Iterator[SchemaObject]:
    """Yield the planner's statistics as what puts them back ("ANALYZE", sqlite_stat1)."""
    known = {
        row[0]
        for row in connection.execute("SELECT name FROM sqlite_schema WHERE name = 'sqlite_stat1'")
    }
    if not known:
        return
    for table, index, stat in connection.execute("SELECT tbl, idx, stat FROM sqlite_stat1"):
        values = connection.execute("SELECT quote(?), quote(?), quote(?)", (table, index, stat))
        create = (
            f"INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ({', '.join(values.fetchone())})"
        )
        name = shown(str(table), str(index or ""))
        yield SchemaObject("statistics", name, shown(str(table)), {"stat": str(stat)}, create)


def _settings(connection: sqlite3.Connection) -> dict[str, str]:
    return {name: str(connection.execute(f"PRAGMA {name}").fetchone()[0]) for name in SETTINGS}


def _revisions(
    connection: sqlite3.Connection, catalogue: Catalogue
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for table, query in _VERSIONS:
        if catalogue.get("table", shown(table)):
            yield shown(table), tuple(str(row[0]) for row in connection.execute(query))
