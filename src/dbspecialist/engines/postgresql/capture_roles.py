"""The server's roles, which every role may read."""

from __future__ import annotations

from dbspecialist.engines.postgresql.server import Session
from dbspecialist.facts.role import Role

#: Columns of pg_roles and what CREATE ROLE calls them (manual, "pg_roles").
OPTIONS = {
    "rolsuper": "SUPERUSER",
    "rolcreaterole": "CREATEROLE",
    "rolcreatedb": "CREATEDB",
    "rolcanlogin": "LOGIN",
    "rolreplication": "REPLICATION",
    "rolbypassrls": "BYPASSRLS",
}

_ROLES = f"""
select r.rolname as name, {", ".join(OPTIONS)},
       array(select g.rolname::text from pg_auth_members m join pg_roles g on g.oid = m.roleid
             where m.member = r.oid order by 1) as member_of
from pg_roles r where r.rolname !~ '^pg_' order by 1"""


def read_roles(session: Session) -> tuple[Role, ...]:
    """Read all roles but the engine's own (manual, "Predefined Roles"), and their memberships."""
    return tuple(
        Role(
            row.name,
            tuple(option for column, option in OPTIONS.items() if getattr(row, column)),
            tuple(dict.fromkeys(row.member_of)),
        )
        for row in session.rows(_ROLES)
    )
