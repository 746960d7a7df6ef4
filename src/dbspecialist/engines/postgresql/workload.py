"""The workload: what pg_stat_statements remembers of this database."""

from __future__ import annotations

from dbspecialist.engines.postgresql.server import Session
from dbspecialist.facts.workload import WorkloadStatement

MOST = 1000

#: Statements that no schema change concerns: transaction control, session settings, maintenance.
UTILITY = (
    r"^(\s|/\*.*?\*/|--[^\n]*\n)*(begin|start|commit|end|rollback|abort|savepoint|release|prepare"
    r"|deallocate|discard|set|reset|show|listen|unlisten|notify|lock|vacuum|analyze|checkpoint"
    r"|create|alter|drop|grant|revoke|comment|reindex|cluster|truncate|refresh|explain|copy"
    r"|declare|fetch|close|move|load|do|security|reassign|import)\M"
)

#: Statements about the engine itself, by monitoring and administration.
CATALOGUE = (
    r"\m(from|join)\s+(pg_catalog\.)?(pg_|information_schema\.)|\mpg_catalog\.|\mset_config\s*\("
)

NOT_INSTALLED = (
    "workload: pg_stat_statements is not installed in this database; "
    "CREATE EXTENSION pg_stat_statements"
)
NOT_LOADED = (
    "workload: pg_stat_statements collects nothing; add it to shared_preload_libraries and restart"
)


def read_workload(session: Session) -> tuple[WorkloadStatement, ...]:
    """Read the statements that took the most time in all, heaviest first."""
    found = session.rows("""
        select quote_ident(n.nspname) || '.pg_stat_statements' as view,
               exists (select from pg_attribute a join pg_class c on c.oid = a.attrelid
                 where c.relnamespace = n.oid and c.relname = 'pg_stat_statements'
                   and a.attname = 'total_exec_time') as is_new
        from pg_extension e join pg_namespace n on n.oid = e.extnamespace
        where e.extname = 'pg_stat_statements'""")
    if not found:
        session.unseen.append(NOT_INSTALLED)
        return ()
    refused = f"workload: no SELECT on {found[0].view}; GRANT pg_read_all_stats TO {session.role()}"
    statements: list[WorkloadStatement] = []
    with session.part({"55000": NOT_LOADED, "": refused}):
        statements += _statements(session, found[0].view, found[0].is_new)
    return tuple(statements)


def _statements(session: Session, view: str, is_new: bool) -> tuple[WorkloadStatement, ...]:
    """Read the view; other roles' statements are hidden from roles without pg_read_all_stats."""
    total = "total_exec_time" if is_new else "total_time"
    own = "dbid = (select oid from pg_database where datname = current_database())"
    hidden = session.rows(
        f"select count(*) as count from {view} where {own} and query = '<insufficient privilege>'"
    )[0].count
    if hidden:
        session.unseen.append(
            f"workload: {hidden} statements of other roles are hidden; "
            f"GRANT pg_read_all_stats TO {session.role()}"
        )
    rows = session.rows(
        f"""
        select query, sum(calls)::bigint as calls, sum({total}) as total_ms,
               sum(rows)::bigint as rows
        from {view}
        where {own} and query <> '<insufficient privilege>' and query !~* %s and query !~* %s
        group by query order by 3 desc, 1 limit {MOST}""",
        [UTILITY, CATALOGUE],
    )
    return tuple(WorkloadStatement(row.query, row.calls, row.total_ms, row.rows) for row in rows)
