"""Production's roles on a throwaway server: their names and who is a member of whom.

They get no rights of their own there: what runs on a twin may come from a stranger.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from dbspecialist.facts.role import Role
from dbspecialist.twins.mending import quoted

#: The engine's roles that only let more be read of a database (manual, "Predefined Roles"). Others
#: read files of the server or start programs.
HARMLESS = frozenset(
    {
        *("pg_read_all_data", "pg_write_all_data"),
        *("pg_monitor", "pg_read_all_settings", "pg_read_all_stats", "pg_stat_scan_tables"),
    }
)

#: Names that the engine or the twin has for itself.
_RESERVED = re.compile(r"pg_|dbs_(owner|visitor|loader|makers|runner)$|(public|none)$")


def make_roles(connection: psycopg.Connection[tuple[Any, ...]], roles: Sequence[Role]) -> None:
    """Make the roles that a server lacks, without login.

    Args:
        connection: A superuser's, in autocommit mode.
        roles: Production's.
    """
    there = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
    new = [item for item in roles if item.name not in there and not _RESERVED.match(item.name)]
    if not new:
        return
    statements = [f"CREATE ROLE {quoted(item.name)} NOLOGIN" for item in new]
    statements += _memberships(new, there | {item.name for item in new})
    connection.execute("; ".join(statements).encode())


def _memberships(roles: Sequence[Role], there: set[str]) -> Iterator[str]:
    """Write the GRANTs of roles to roles; those to superusers give nothing that they have not."""
    superusers = {item.name for item in roles if "SUPERUSER" in item.options}
    for item in roles:
        for group in item.member_of:
            if group in there - superusers and not _is_powerful(group):
                yield f"GRANT {quoted(group)} TO {quoted(item.name)}"


def _is_powerful(group: str) -> bool:
    return _RESERVED.match(group) is not None and group not in HARMLESS
