"""Production's planner settings, given to a twin's database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from dbspecialist.facts.names import bare

Connection = psycopg.Connection[tuple[Any, ...]]

#: Settings that a session may have and that decide plans, waits or the meaning of texts, by the
#: engine's own categories. JIT is left out: it changes no plan, and the twin has no LLVM.
_SETTABLE = """
    SELECT name FROM pg_settings
     WHERE name = ANY(%s) AND context IN ('user', 'superuser')
       AND (category LIKE 'Query Tuning%%'
            OR category IN ('Resource Usage / Memory', 'Resource Usage / Worker Processes',
                            'Client Connection Defaults / Statement Behavior')
            OR category LIKE 'Version and Platform Compatibility%%'
            OR name IN ('TimeZone', 'DateStyle', 'IntervalStyle', 'default_text_search_config'))
       AND name NOT IN ('default_tablespace', 'temp_tablespaces', 'default_table_access_method',
                        'max_stack_depth', 'transaction_read_only', 'transaction_isolation',
                        'transaction_deferrable', 'default_transaction_read_only')
       AND name NOT LIKE 'jit%%'
     ORDER BY name
"""


def apply_settings(
    connection: Connection, database: str, settings: Mapping[str, str]
) -> tuple[str, ...]:
    """Set what decides plans and waits for a database; return what the twin refused.

    Settings that the twin's version does not know are skipped.
    """
    known = connection.execute(_SETTABLE, [list(settings)]).fetchall()
    refused = []
    for (name,) in known:
        try:
            connection.execute(
                sql.SQL("ALTER DATABASE {} SET {} = {}").format(
                    sql.Identifier(database), sql.Identifier(name), _value(name, settings[name])
                )
            )
        except psycopg.Error as error:
            refused.append(f"setting {name}: left out ({error.diag.message_primary or error})")
    return tuple(refused)


def _value(name: str, text: str) -> sql.Composable:
    """Write a value; a search path is a list of names and not one text."""
    if name != "search_path":
        return sql.Literal(text)
    names = [bare(part.strip()) for part in text.split(",") if part.strip()]
    return sql.SQL(", ").join(sql.Literal(part) for part in names) if names else sql.Literal("")
