"""Capture: a snapshot of one database, read-only."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from dbspecialist.engines.mysql.catalogue import read_catalogue
from dbspecialist.engines.mysql.names import quoted, shown
from dbspecialist.engines.mysql.server import Session, open_session, read_url
from dbspecialist.engines.mysql.statistics import read_columns, read_sizes
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.workload import WorkloadStatement

#: What DDL, data and plans depend on.
SETTINGS = (
    *("sql_mode", "lock_wait_timeout", "innodb_lock_wait_timeout", "innodb_strict_mode"),
    *("lower_case_table_names", "character_set_server", "collation_server", "time_zone"),
    *("character_set_database", "collation_database", "default_storage_engine"),
    *("foreign_key_checks", "innodb_default_row_format", "innodb_page_size", "alter_algorithm"),
    *("innodb_online_alter_log_max_size", "transaction_isolation", "tx_isolation"),
    *("innodb_file_per_table", "explicit_defaults_for_timestamp", "max_statement_time"),
    *("innodb_instant_alter_column_allowed", "binlog_format", "log_bin"),
)

_DIGESTS = """
SELECT digest_text, count_star, sum_timer_wait / 1e9, sum_rows_sent + sum_rows_affected
FROM performance_schema.events_statements_summary_by_digest
WHERE schema_name = %s AND digest_text IS NOT NULL ORDER BY sum_timer_wait DESC LIMIT 1000
"""
_QUERY = re.compile(r"\s*(select|insert|update|delete|replace|with|call)\b", re.IGNORECASE)

_VERSION_COLUMNS = """
SELECT c.table_name, group_concat(c.column_name) FROM information_schema.columns c
JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = %s AND t.table_type = 'BASE TABLE' GROUP BY 1
"""


def capture(
    url: str,
    *,
    redact: bool = False,
    workload: bool = True,
    connect_timeout: int = 5,
    statement_timeout_ms: int = 30_000,
    lock_timeout_ms: int = 1000,
) -> Snapshot:
    """Capture everything about one database but its rows.

    Args:
        url: `mysql://USER:PASSWORD@HOST:PORT/DATABASE`, also with a driver's name.
        redact: Leave out what histograms hold of values. Digests of statements hold none.
        workload: Whether to read performance_schema's digests.

    Raises:
        InputError: When the server cannot be reached or refuses.
    """
    with open_session(
        url,
        connect_timeout=connect_timeout,
        statement_timeout_ms=statement_timeout_ms,
        lock_timeout_ms=lock_timeout_ms,
    ) as session:
        sizes, counters = read_sizes(session)
        revisions, checksums = read_revisions(session)
        columns = read_columns(session, sizes)
        catalogue = read_catalogue(
            session.connection, session.database, session.engine, session.unseen
        )
        if redact:
            columns = tuple(replace(item, values={}) for item in columns)
        return Snapshot(
            engine=session.engine,
            server_version=session.version,
            database=session.database,
            source=read_url(url).source,
            captured_at=datetime.now(UTC).isoformat(timespec="seconds"),
            catalogue=catalogue,
            relations=sizes,
            columns=columns,
            sequences=counters,
            settings=read_settings(session),
            workload=read_workload(session) if workload else (),
            revisions=revisions,
            checksums=checksums,
            unseen=tuple(session.unseen),
            redacted=redact,
        )


def read_settings(session: Session) -> dict[str, str]:
    """Read the settings that a new session starts with."""
    names = ", ".join(f"'{name}'" for name in SETTINGS)
    found = session.rows(f"SHOW GLOBAL VARIABLES WHERE variable_name IN ({names})")
    return {str(name): str(value) for name, value in found}


def read_workload(session: Session) -> tuple[WorkloadStatement, ...]:
    """Read the statements of performance_schema, heaviest first, with `?` for literals."""
    shown_as = dict(session.rows("SHOW GLOBAL VARIABLES LIKE 'performance_schema'"))
    if shown_as.get("performance_schema") != "ON":
        session.unseen.append("the workload (performance_schema is off)")
        return ()
    digests = session.part(_DIGESTS, "the workload of performance_schema", [session.database])
    return tuple(
        WorkloadStatement(text, int(calls), float(total), int(rows), "performance_schema")
        for text, calls, total, rows in digests
        if _QUERY.match(text)
    )


def read_revisions(
    session: Session,
) -> tuple[dict[str, tuple[str, ...]], dict[str, Mapping[str, str]]]:
    """Read the version tables of toolchains: applied revisions, and checksums of files."""
    revisions: dict[str, tuple[str, ...]] = {}
    checksums: dict[str, Mapping[str, str]] = {}
    for table, joined in session.rows(_VERSION_COLUMNS, [session.database]):
        query = _version_query(table, set(str(joined).split(",")))
        if not query:
            continue
        name = shown(session.database, table)
        found = session.part(
            query.format(table=f"{quoted(session.database)}.{quoted(table)}"),
            f"the version table {name}",
        )
        revisions[name] = tuple(str(row[0]) for row in found)
        kept = {str(row[0]): str(row[1]) for row in found if row[1] is not None}
        if kept:
            checksums[name] = kept
    return revisions, checksums


def _version_query(table: str, columns: set[str]) -> str:
    """Return what selects revision and checksum of a toolchain's version table, or ""."""
    return next((query for fits, query in _VERSION_QUERIES if fits(table, columns)), "")


_FLYWAY = {"installed_rank", "version", "type", "script", "checksum", "success"}
_PRISMA = {"migration_name", "checksum", "finished_at", "rolled_back_at"}
#: Alembic, Flyway, Prisma, golang-migrate, dbmate and Rails, TypeORM, Sequelize.
_VERSION_QUERIES: tuple[tuple[Callable[[str, set[str]], bool], str], ...] = (
    (
        lambda _, columns: columns == {"version_num"},
        "SELECT version_num, NULL FROM {table} ORDER BY 1",
    ),
    (
        lambda _, columns: columns >= _FLYWAY,
        "SELECT script, checksum FROM {table} WHERE success AND type NOT LIKE 'UNDO%' "
        "AND type NOT IN ('DELETE', 'SCHEMA') ORDER BY installed_rank",
    ),
    (
        lambda _, columns: columns >= _PRISMA,
        "SELECT migration_name, checksum FROM {table} WHERE finished_at IS NOT NULL "
        "AND rolled_back_at IS NULL ORDER BY started_at, migration_name",
    ),
    (
        lambda _, columns: columns == {"version", "dirty"},
        "SELECT version, NULL FROM {table} WHERE NOT dirty",
    ),
    (
        lambda name, columns: "migrations" in name and columns == {"version"},
        "SELECT version, NULL FROM {table} ORDER BY 1",
    ),
    (
        lambda name, columns: columns == {"id", "timestamp", "name"} and "migration" in name,
        "SELECT name, NULL FROM {table} ORDER BY timestamp, id",
    ),
    (
        lambda name, columns: "meta" in name.lower() and columns == {"name"},
        "SELECT name, NULL FROM {table} ORDER BY name",
    ),
)
