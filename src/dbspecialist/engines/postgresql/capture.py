"""Capture: one database as a snapshot, read-only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from dbspecialist.engines.postgresql.capture_roles import read_roles
from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.engines.postgresql.metapages import with_metapages
from dbspecialist.engines.postgresql.range_statistics import with_ranges
from dbspecialist.engines.postgresql.redact import redact as with_stand_ins
from dbspecialist.engines.postgresql.revisions import read_revisions
from dbspecialist.engines.postgresql.server import Session, open_session, source_of
from dbspecialist.engines.postgresql.settings import read_role_settings, read_settings
from dbspecialist.engines.postgresql.statistics import (
    read_columns,
    read_extended,
    read_relations,
    read_sequences,
    some,
)
from dbspecialist.engines.postgresql.value_types import (
    ranking_of,
    read_dimensions,
    read_types,
)
from dbspecialist.engines.postgresql.workload import read_workload
from dbspecialist.facts.snapshot import Snapshot


def capture(
    url: str,
    *,
    redact: bool = False,
    workload: bool = True,
    connect_timeout: int = 5,
    statement_timeout_ms: int = 30_000,
    lock_timeout_ms: int = 1000,
) -> Snapshot:
    """Read everything about a PostgreSQL database (14 to 18) except its rows.

    It runs in one transaction that is READ ONLY and is rolled back; what the role may not see is
    listed in `Snapshot.unseen`. The rows that are read are those of version tables.

    Args:
        url: A libpq URL or connection string.
        redact: Put stand-ins in place of values, see `redact.py`.
        workload: Whether to read pg_stat_statements.

    Raises:
        InputError: When the server cannot be reached, refuses, or is older than 14.
    """
    with open_session(
        url,
        connect_timeout=connect_timeout,
        statement_timeout_ms=statement_timeout_ms,
        lock_timeout_ms=lock_timeout_ms,
    ) as session:
        found = read_snapshot(session, source_of(url), workload=workload)
        return redacted(session, found) if redact else found


def redacted(session: Session, snapshot: Snapshot) -> Snapshot:
    """Put stand-ins in place of values, sorted as this server sorts them."""
    return with_stand_ins(
        snapshot, read_types(session), read_dimensions(session), ranking_of(session)
    )


def read_snapshot(session: Session, source: str, *, workload: bool) -> Snapshot:
    """Read all parts in one session; values are written as every client would write them."""
    settings = read_settings(session)
    session.connection.execute(
        "select set_config('search_path', '', true), set_config('DateStyle', 'ISO, YMD', true),"
        " set_config('IntervalStyle', 'postgres', true), set_config('TimeZone', 'UTC', true),"
        " set_config('bytea_output', 'hex', true), set_config('extra_float_digits', '1', true)"
    )
    revisions, checksums = read_revisions(session)
    found = Snapshot(
        engine="postgresql",
        server_version=session.version,
        database=session.connection.info.dbname,
        source=source,
        captured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        catalogue=read_catalogue(session.connection),
        relations=with_metapages(session, read_relations(session)),
        columns=with_ranges(session, read_columns(session)),
        extended=read_extended(session),
        sequences=read_sequences(session),
        settings=settings,
        role_settings=read_role_settings(session),
        workload=read_workload(session) if workload else (),
        revisions=revisions,
        checksums=checksums,
        role=session.rows("select current_user as name")[0].name,
        roles=read_roles(session),
    )
    note_secrets(session)
    return replace(found, unseen=tuple(session.unseen))


def note_secrets(session: Session) -> None:
    """Say what is there and not read, since passwords stand in it."""
    subscriptions = session.rows("""
        select quote_ident(s.subname) as name from pg_subscription s
          join pg_database d on d.oid = s.subdbid
        where d.datname = current_database() order by 1""")
    mappings = session.rows("select distinct quote_ident(srvname) as name from pg_user_mappings")
    for kind, rows in (("subscriptions", subscriptions), ("user mappings of servers", mappings)):
        if rows:
            names = some(sorted(row.name for row in rows))
            session.unseen.append(f"{kind} {names}: not read, they hold passwords")
