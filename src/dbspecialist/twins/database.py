"""A twin's database as production's stands: its name, kind of collation and sequences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import psycopg
from psycopg import sql

from dbspecialist.facts.statistics import SequenceState
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.mending import LOCALE
from dbspecialist.twins.stage_roles import OWNER

#: Databases that every server has.
_EVERYWHERE = {"postgres", "template0", "template1"}


def create_database(cluster: Cluster, name: str, settings: Mapping[str, str]) -> list[str]:
    """Make production's database with its kind of collation, owned by the twin's owner.

    Args:
        settings: The snapshot's, which say how the database sorts.

    Returns:
        What differs from production, one sentence each.
    """
    identifier = sql.Identifier(name)
    bytewise = sorts_bytewise(settings)
    left_out: list[str] = []
    with cluster.connect("template1") as admin:
        admin.execute(f"CREATE ROLE {OWNER} LOGIN CREATEROLE CREATEDB BYPASSRLS")
        if name == "postgres" and not bytewise:
            admin.execute("DROP DATABASE postgres")
        if name not in _EVERYWHERE or not bytewise:
            create = sql.SQL("CREATE DATABASE {} TEMPLATE template0 LOCALE {}")
            try:
                admin.execute(create.format(identifier, sql.Literal("C" if bytewise else LOCALE)))
            except psycopg.errors.WrongObjectType:  # no such locale on this machine
                admin.execute(create.format(identifier, sql.Literal("C")))
                left_out.append(f"database {name}: sorts by bytes, no locale {LOCALE} here")
        admin.execute(
            sql.SQL("ALTER DATABASE {} OWNER TO {}").format(identifier, sql.Identifier(OWNER))
        )
    return left_out


def sorts_bytewise(settings: Mapping[str, str]) -> bool:
    """Tell whether the database sorts by bytes, so that LIKE can use plain B-trees.

    The builtin provider (`b`) does for all of its locales, ICU (`i`) for none.
    """
    provider = settings.get("locale_provider", "c")
    return provider == "b" or (
        provider == "c" and settings.get("lc_collate", "C") in {"C", "POSIX"}
    )


def restore_sequences(
    connection: psycopg.Connection[tuple[Any, ...]], sequences: Iterable[SequenceState]
) -> None:
    """Set sequences to where production's stand; values out of bounds are skipped."""
    known = [item for item in sequences if item.last_value is not None]
    connection.execute(
        """
        SELECT setval(to_regclass(name), value)
          FROM unnest(%s::text[], %s::bigint[]) AS given (name, value)
          JOIN pg_sequence ON seqrelid = to_regclass(name) AND value BETWEEN seqmin AND seqmax
        """,
        [[item.name for item in known], [item.last_value for item in known]],
    )
