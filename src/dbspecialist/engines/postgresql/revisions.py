"""Version tables: which migrations a toolchain has applied to this database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dbspecialist.engines.postgresql.server import Session
from dbspecialist.engines.postgresql.statistics import NAME, OWN

FLYWAY = {"installed_rank", "version", "type", "script", "checksum", "success"}
PRISMA = {"migration_name", "checksum", "finished_at", "rolled_back_at"}


@dataclass(frozen=True, slots=True)
class VersionTable:
    """How a toolchain's version table is recognised and read.

    Args:
        matches: Whether a table of that name and those columns is one.
        query: Selects `revision` and `checksum` of the applied migrations in order.
    """

    matches: Callable[[str, set[str]], bool]
    query: str


#: By columns where those are telling, since projects may choose the names.
VERSION_TABLES = (
    VersionTable(
        lambda _, columns: columns == {"version_num"},
        "select version_num as revision, null as checksum from {table} order by 1",
    ),
    VersionTable(
        lambda _, columns: columns >= FLYWAY,
        """select t.script as revision, t.checksum::text as checksum from {table} t
           where t.success and t.type not like 'UNDO%' and t.type not in ('DELETE', 'SCHEMA')
             and not exists (select from {table} u where u.version = t.version
               and (u.type like 'UNDO%' or u.type = 'DELETE')
               and u.installed_rank > t.installed_rank)
           order by t.installed_rank""",
    ),
    VersionTable(
        lambda _, columns: columns >= PRISMA,
        """select migration_name as revision, checksum from {table}
           where finished_at is not null and rolled_back_at is null
           order by started_at, migration_name""",
    ),
    # golang-migrate keeps the current version alone; dbmate and Rails keep one row each.
    VersionTable(
        lambda _, columns: columns == {"version", "dirty"},
        "select version::text as revision, null as checksum from {table} where not dirty",
    ),
    VersionTable(
        lambda name, columns: (
            ("migrations" in name and columns == {"version"}) or columns == {"version", "run_on"}
        ),
        "select version::text as revision, null as checksum from {table} order by 1",
    ),
    VersionTable(
        lambda _, columns: columns >= {"version", "installed_on", "success", "execution_time"},
        """select version::text as revision, null as checksum from {table} where success
           order by version""",
    ),
    VersionTable(
        lambda _, columns: columns >= {"version_id", "is_applied"},
        """select version_id::text as revision, null as checksum
           from (select distinct on (version_id) * from {table} order by version_id, id desc) t
           where is_applied and version_id > 0 order by version_id""",
    ),
    VersionTable(
        lambda name, columns: columns == {"id", "timestamp", "name"} and "migration" in name,
        "select name as revision, null as checksum from {table} order by timestamp, id",
    ),
    VersionTable(
        lambda name, columns: (
            "name" in columns
            and columns <= {"name", "createdAt", "updatedAt"}
            and ("meta" in name.lower() or "migration" in name.lower())
        ),
        "select name as revision, null as checksum from {table} order by name",
    ),
)

Revisions = tuple[Mapping[str, tuple[str, ...]], Mapping[str, Mapping[str, str]]]


def read_revisions(session: Session) -> Revisions:
    """Read the revisions and the checksums that the version tables hold, by relation."""
    revisions: dict[str, tuple[str, ...]] = {}
    checksums: dict[str, Mapping[str, str]] = {}
    for table, query in _version_tables(session):
        refused = (
            f"version table {table}: no SELECT on it; GRANT SELECT ON {table} TO {session.role()}"
        )
        with session.part({"": refused}):
            rows = session.rows(query.replace("{table}", table))
            revisions[table] = tuple(row.revision for row in rows)
            sums = {row.revision: row.checksum for row in rows if row.checksum is not None}
            if sums:
                checksums[table] = sums
    return revisions, checksums


def _version_tables(session: Session) -> Iterable[tuple[str, str]]:
    """Yield version tables and the queries that read them."""
    rows: list[Any] = session.rows(f"""
        select {NAME} as table, c.relname as name,
               array_agg(a.attname::text) as columns
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
          join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
          left join pg_index i on false
        where c.relkind in ('r', 'p') and {OWN} group by 1, 2 order by 1""")
    for row in rows:
        for kind in VERSION_TABLES:
            if kind.matches(row.name, set(row.columns)):
                yield row.table, kind.query
                break
