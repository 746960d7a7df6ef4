"""Views, routines, triggers and events: what has a text that the server shows to who may see it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dbspecialist.engines.mysql.driver import Connection, MySQLError, rows
from dbspecialist.engines.mysql.names import quoted, shown
from dbspecialist.facts.catalogue import SchemaObject

#: Who defined a view or trigger is no part of its meaning, and its account is not on the twin.
_DEFINER = re.compile(r" DEFINER=(?:`(?:[^`]|``)*`|\S+?)@(?:`(?:[^`]|``)*`|\S+)")

_TRIGGERS = """
SELECT trigger_name, event_object_table, action_timing, event_manipulation, action_statement
FROM information_schema.triggers WHERE trigger_schema = %s ORDER BY trigger_name
"""
_ROUTINES = """
SELECT routine_name, routine_type FROM information_schema.routines
WHERE routine_schema = %s AND routine_type IN ('FUNCTION', 'PROCEDURE')
ORDER BY routine_type, routine_name
"""
_EVENTS = "SELECT event_name FROM information_schema.events WHERE event_schema = %s"

#: Where the text stands in the answer to SHOW CREATE.
_PLACES = {"VIEW": 1, "FUNCTION": 2, "PROCEDURE": 2, "TRIGGER": 2, "EVENT": 3}

Unseen = list[str] | None


def read_views(
    connection: Connection, database: str, names: Sequence[str], unseen: Unseen
) -> Iterator[SchemaObject]:
    """Yield views."""
    for name in names:
        create = _create(connection, "VIEW", database, name, unseen)
        yield SchemaObject("view", shown(database, name), "", {"definition": create}, create)


def read_programs(connection: Connection, database: str, unseen: Unseen) -> Iterator[SchemaObject]:
    """Yield functions, procedures, triggers and events."""
    for name, kind in rows(connection, _ROUTINES, [database]):
        create = _create(connection, kind, database, name, unseen)
        yield SchemaObject(kind.lower(), shown(database, name), "", {"definition": create}, create)
    for name, table, timing, event, body in rows(connection, _TRIGGERS, [database]):
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body)
        yield SchemaObject(
            "trigger",
            shown(database, table, name),
            shown(database, table),
            {"timing": timing, "event": event, "body": text},
            _create(connection, "TRIGGER", database, name, unseen),
        )
    for (name,) in rows(connection, _EVENTS, [database]):
        create = _create(connection, "EVENT", database, name, unseen)
        yield SchemaObject("event", shown(database, name), "", {"definition": create}, create)


def _create(connection: Connection, kind: str, database: str, name: str, unseen: Unseen) -> str:
    """Return the SQL that makes an object; "" where the server does not show it."""
    try:
        row = rows(connection, f"SHOW CREATE {kind} {quoted(database)}.{quoted(name)}")[0]
    except MySQLError as error:
        if unseen is None:
            raise
        unseen.append(f"{kind.lower()} {shown(database, name)} ({error.args[-1]})")
        return ""
    text = row[_PLACES[kind]]
    if not text and unseen is not None:  # a routine of somebody else
        unseen.append(f"{kind.lower()} {shown(database, name)} (its text is not shown)")
    return _DEFINER.sub("", str(text)) if text else ""
