"""Session settings that production gives the role that owns its tables."""

from __future__ import annotations

from dbspecialist.facts.snapshot import Snapshot

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
    """Return the session settings that production gives the role that owns its tables."""
    if snapshot is None:
        return {}
    found = dict(snapshot.settings)
    owners = [item.attributes.get("owner", "") for item in snapshot.catalogue.of_kind("table")]
    owner = max(set(owners), key=owners.count) if owners else ""
    for place in ("*@*", f"*@{snapshot.database}", f"{owner}@*", f"{owner}@{snapshot.database}"):
        found.update(snapshot.role_settings.get(place, {}))
    return {name: found[name] for name in _SESSION_SETTINGS if name in found}
