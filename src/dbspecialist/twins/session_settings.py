"""Session settings that production gives the role that owns its tables."""

from __future__ import annotations

import re

from dbspecialist.facts.names import bare
from dbspecialist.facts.snapshot import Snapshot

#: What stands in a search path for a schema that is named like the session's role.
#: Source: PostgreSQL manual, "Client Connection Defaults", search_path.
_USER = re.compile(r'"\$user"')

#: Settings that decide what a migration's statements do or how long they wait.
_SESSION_SETTINGS = (
    "TimeZone",
    "lock_timeout",
    "statement_timeout",
    "idle_in_transaction_session_timeout",
    "search_path",
    "DateStyle",
    "IntervalStyle",
    "standard_conforming_strings",
    "check_function_bodies",
)


def session_settings(snapshot: Snapshot | None) -> dict[str, str]:
    """Return the session settings that production gives the role that owns its tables.

    `"$user"` in its search_path is replaced by the schema of that name, or else by that of the
    role that the snapshot was taken as: a twin's role is another.
    """
    if snapshot is None:
        return {}
    found = _given(snapshot)
    schema = _schema_of_role(snapshot)
    if schema and "search_path" in found:
        quoted = '"' + schema.replace('"', '""') + '"'
        found["search_path"] = _USER.sub(lambda _: quoted, found["search_path"])
    return found


def notes_on_roles(snapshot: Snapshot | None) -> tuple[str, ...]:
    """Say which schema `"$user"` was taken for where the snapshot leaves that open."""
    if snapshot is None or not _USER.search(_given(snapshot).get("search_path", "")):
        return ()
    owner, schema = _owner(snapshot), _schema_of_role(snapshot)
    if not owner or owner == snapshot.role or not (schema or snapshot.role):
        return ()
    taken = f"schema {schema}" if schema else "no schema"
    role = f"by role {snapshot.role}" if snapshot.role else "by a role that it does not name"
    return (
        f'search_path holds "$user", which stands for {taken} here: the snapshot was taken {role},'
        f" and {owner} owns most tables",
    )


def _given(snapshot: Snapshot) -> dict[str, str]:
    found = dict(snapshot.settings)
    owner = _owner(snapshot)
    for place in ("*@*", f"*@{snapshot.database}", f"{owner}@*", f"{owner}@{snapshot.database}"):
        found.update(snapshot.role_settings.get(place, {}))
    return {name: found[name] for name in _SESSION_SETTINGS if name in found}


def _owner(snapshot: Snapshot) -> str:
    """Return the role that owns most tables, without quotes."""
    owners = [item.attributes.get("owner", "") for item in snapshot.catalogue.of_kind("table")]
    return bare(max(sorted(set(owners)), key=owners.count)) if owners else ""


def _schema_of_role(snapshot: Snapshot) -> str:
    """Return the schema named like the tables' owner or the snapshot's role, or ""."""
    schemas = {bare(item.name) for item in snapshot.catalogue.of_kind("schema")}
    return next((role for role in (_owner(snapshot), snapshot.role) if role in schemas), "")
