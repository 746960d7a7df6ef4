"""Tablespaces of a twin: empty folders of production's names, inside of its data directory."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from dbspecialist.facts.catalogue import Catalogue


def make_tablespaces(
    admin: psycopg.Connection[tuple[Any, ...]], catalogue: Catalogue, owner: str
) -> None:
    """Make the tablespaces of a catalogue's objects that a server lacks, and let a role use them.

    Source: PostgreSQL manual, "Developer Options", allow_in_place_tablespaces.
    """
    there = {row[0] for row in admin.execute("SELECT spcname FROM pg_tablespace").fetchall()}
    wanted = {item.attributes.get("tablespace", "") for item in catalogue.objects} - {""}
    for name in sorted(wanted):
        if name not in there:
            admin.execute("SET allow_in_place_tablespaces = on")
            admin.execute(sql.SQL("CREATE TABLESPACE {} LOCATION ''").format(sql.Identifier(name)))
        if name != "pg_global":
            grant = sql.SQL("GRANT CREATE ON TABLESPACE {} TO {}")
            admin.execute(grant.format(sql.Identifier(name), sql.Identifier(owner)))
