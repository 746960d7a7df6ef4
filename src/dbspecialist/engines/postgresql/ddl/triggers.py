"""Triggers, rules, row security policies and event triggers."""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.postgresql.ddl.context import Context
from dbspecialist.engines.postgresql.ddl.types import owner_changes
from dbspecialist.engines.postgresql.ddl.words import part
from dbspecialist.facts.catalogue import Difference

_ENABLING = {"disabled": "DISABLE", "replica": "ENABLE REPLICA", "always": "ENABLE ALWAYS"}


def enabling(state: str | None) -> str:
    """Write what makes a trigger fire as it should."""
    return _ENABLING.get(state or "", "ENABLE")


def alter(change: Difference, _: Context) -> list[str] | None:
    """Switch a trigger or rule on or off, or return nothing where it is made anew."""
    assert change.after is not None
    if set(change.changed) != {"enabled"}:
        return None
    item, word = change.after, change.after.kind.upper()
    state = enabling(item.attributes.get("enabled"))
    return [f"ALTER TABLE {item.parent} {state} {word} {part(item)}"]


def alter_event_trigger(change: Difference, _: Context) -> list[str] | None:
    """Switch an event trigger on or off or give it another owner."""
    assert change.after is not None
    if not set(change.changed) <= {"enabled", "owner"}:
        return None
    found = list(owner_changes(change))
    if "enabled" in change.changed:
        state = enabling(change.after.attributes.get("enabled"))
        found.insert(0, f"ALTER EVENT TRIGGER {change.after.name} {state}")
    return found


def alter_policy(change: Difference, _: Context) -> list[str] | None:
    """Change a policy's roles and expressions; nothing where one of these goes."""
    assert change.before is not None and change.after is not None
    was, now = change.before.attributes, change.after.attributes
    if {"command", "kind"} & set(change.changed) or any(
        name in was and name not in now for name in ("using", "check")
    ):
        return None
    item = change.after
    clauses = " ".join(policy_clauses(change))
    return [f"ALTER POLICY {part(item)} ON {item.parent} {clauses}"]


def policy_clauses(change: Difference) -> Iterator[str]:
    """Yield the clauses of a policy that differ."""
    assert change.after is not None
    words = {"roles": "TO {}", "using": "USING ({})", "check": "WITH CHECK ({})"}
    for name, text in words.items():
        if name in change.changed:
            yield text.format(change.after.attributes[name])
