"""The roles of a stage: one that runs migrations, and one that works with rows."""

from __future__ import annotations

from typing import Any

import psycopg

#: The role that runs migrations: it owns everything and is no superuser, so that what a
#: migration brings along cannot read files, start programs or open connections.
OWNER = "dbs_owner"

# A loop's turns are all planned with their values: a generic plan tells the rows of no batch.
_ROLE = f"""
CREATE ROLE {OWNER} LOGIN NOSUPERUSER CREATEROLE CREATEDB BYPASSRLS;
ALTER ROLE {OWNER} SET session_preload_libraries = 'auto_explain';
ALTER ROLE {OWNER} SET auto_explain.log_min_duration = 0;
ALTER ROLE {OWNER} SET auto_explain.log_level = info;
ALTER ROLE {OWNER} SET auto_explain.log_format = json;
ALTER ROLE {OWNER} SET auto_explain.log_nested_statements = on;
ALTER ROLE {OWNER} SET auto_explain.log_verbose = on;
ALTER ROLE {OWNER} SET auto_explain.log_parameter_max_length = 0;
ALTER ROLE {OWNER} SET max_parallel_maintenance_workers = 0;
ALTER ROLE {OWNER} SET plan_cache_mode = force_custom_plan;
ALTER ROLE {OWNER} SET log_min_messages = fatal;
"""

#: The role that puts rows in, reads them and plans production's statements. It has the owner's
#: rights and switches triggers off, and is no superuser: CHECKs, casts and index expressions of
#: migrations run in its sessions.
VISITOR = "dbs_visitor"

_VISITOR_ROLE = f"""
CREATE ROLE {VISITOR} LOGIN NOSUPERUSER BYPASSRLS;
GRANT {OWNER}, pg_read_all_data TO {VISITOR};
GRANT SET ON PARAMETER session_replication_role TO {VISITOR};
ALTER ROLE {VISITOR} SET statement_timeout = '10s';
ALTER ROLE {VISITOR} SET lock_timeout = '10s'
"""


def ensure_roles(admin: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Make a server's roles for stages, where they are not there yet."""
    if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (OWNER,)).fetchone():
        admin.execute(_ROLE)
        admin.execute(_VISITOR_ROLE)
