"""Settings that plans, locks and time-outs depend on."""

from __future__ import annotations

from collections.abc import Mapping

from dbspecialist.engines.postgresql.server import Session

#: Categories of pg_settings that are read whole (manual, "Server Configuration").
CATEGORIES = (
    "^(Query Tuning|Lock Management|Resource Usage|Preset Options|Autovacuum|Vacuuming"
    "|Version and Platform|Client Connection Defaults / (Statement|Locale))"
)

#: Settings of other categories that advice depends on.
NAMES = (
    "max_connections",
    "superuser_reserved_connections",
    "reserved_connections",
    "wal_level",
    "fsync",
    "full_page_writes",
    "synchronous_commit",
    "max_wal_size",
    "checkpoint_timeout",
    "checkpoint_completion_target",
    "shared_preload_libraries",
    "track_counts",
    "track_io_timing",
    "log_lock_waits",
    "log_min_duration_statement",
    "compute_query_id",
    "row_security",
)

#: Values of this session rather than of the server's other sessions.
OWN = (
    "transaction_isolation",
    "transaction_read_only",
    "transaction_deferrable",
    "session_replication_role",
    "client_encoding",
    "in_hot_standby",
)


def read_settings(session: Session) -> Mapping[str, str]:
    """Read the settings a new session of another role gets, in their base units.

    What this session, its client or its role has set is replaced by what is below: the value at
    session start where SET changed it, the built-in one where client or role brought it along.
    """
    rows = session.rows(
        f"""
        select name, case when source in ('client', 'user', 'database user') or name = any(array(
                            select split_part(unnest(s.setconfig), '=', 1)
                            from pg_db_role_setting s join pg_roles r on r.oid = s.setrole
                            where r.rolname = session_user)) then boot_val
                          else reset_val end as value
        from pg_settings
        where (category ~ '{CATEGORIES}' or name = any(%s)) and name <> all(%s)
          and name not like '%%.%%' order by name""",
        [list(NAMES), list(OWN)],
    )
    return {row.name: row.value for row in rows if row.value is not None} | _locale(session)


def _locale(session: Session) -> dict[str, str]:
    """Read how the database sorts text; the settings of that name ended with 15."""
    provider = "datlocprovider" if session.version >= 150_000 else "'c'"
    locale = (
        "datlocale"
        if session.version >= 170_000
        else "daticulocale"
        if session.version >= 150_000
        else "null"
    )
    row = session.rows(f"""
        select datcollate as lc_collate, datctype as lc_ctype, {provider} as locale_provider,
               {locale} as locale, pg_encoding_to_char(encoding) as server_encoding
        from pg_database where datname = current_database()""")[0]
    return {name: value for name, value in row._asdict().items() if value is not None}


def read_role_settings(session: Session) -> Mapping[str, Mapping[str, str]]:
    """Read what ALTER ROLE … SET and ALTER DATABASE … SET hold for this database.

    Names with a dot are left out: applications keep secrets in them.
    """
    found: dict[str, dict[str, str]] = {}
    for row in session.rows("""
        select coalesce(r.rolname, '*') as role, coalesce(d.datname, '*') as database,
               s.setconfig as settings
        from pg_db_role_setting s left join pg_roles r on r.oid = s.setrole
          left join pg_database d on d.oid = s.setdatabase
        where s.setdatabase = 0 or d.datname = current_database() order by 1, 2"""):
        pairs = (text.partition("=") for text in row.settings or ())
        kept = {name: value for name, _, value in pairs if "." not in name}
        if kept:
            found[f"{row.role}@{row.database}"] = kept
    return found
