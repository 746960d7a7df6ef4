"""Grants and default privileges: from one set of departures to another."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.engines.postgresql.ddl.context import Context
from dbspecialist.engines.postgresql.ddl.words import made
from dbspecialist.facts.catalogue import Catalogue, Difference, SchemaObject

#: What PUBLIC may do by itself (manual, "Privileges").
_PUBLIC = {
    "FUNCTION": "EXECUTE",
    "PROCEDURE": "EXECUTE",
    "TYPE": "USAGE",
    "DOMAIN": "USAGE",
    "FUNCTIONS": "EXECUTE",
    "TYPES": "USAGE",
}

_GRANT = re.compile(
    r"(?P<head>ALTER DEFAULT PRIVILEGES .*?)?(?:GRANT|REVOKE) (?P<what>.+?) ON (?P<on>.+)"
    r" (?:TO|FROM) (?P<who>.+?)(?: WITH GRANT OPTION)?",
    re.DOTALL,
)


def create(item: SchemaObject, _: Catalogue) -> Iterator[str]:
    """Grant what the engine does not grant by itself, and revoke what it does."""
    yield from made(item)


def drop(item: SchemaObject, _: Catalogue) -> Iterator[str]:
    """Take a role back to what the engine grants by itself."""
    found = taken_apart(item)
    yield f"{found['head'] or ''}REVOKE ALL{columns(found)} ON {found['on']} FROM {found['who']}"
    usual = _PUBLIC.get(str(found["on"]).partition(" ")[0])
    if usual and found["who"] == "PUBLIC":
        yield f"{found['head'] or ''}GRANT {usual} ON {found['on']} TO PUBLIC"


def taken_apart(item: SchemaObject) -> re.Match[str]:
    """Read what a grant is on and who gets it."""
    found = _GRANT.fullmatch(made(item)[0])
    assert found is not None, item.create
    return found


def columns(found: re.Match[str]) -> str:
    """Return the column of a column's grant in parentheses, or ""."""
    place = str(found["what"]).find(" (")
    return str(found["what"])[place:].partition(")")[0] + ")" if place >= 0 else ""


def alter(change: Difference, _: Context) -> list[str]:
    """Revoke what is no longer granted and grant what is new."""
    assert change.before is not None and change.after is not None
    found = taken_apart(change.after)
    head, on, who, column = found["head"] or "", found["on"], found["who"], columns(found)
    old, new = listed(change.before), listed(change.after)
    gone = [f"{name}{column}" for name in old if name not in new]
    weaker = [f"{name}{column}" for name in old if new.get(name) is False and old[name]]
    texts = [f"{head}REVOKE {', '.join(gone)} ON {on} FROM {who}"] if gone else []
    if weaker:
        texts.append(f"{head}REVOKE GRANT OPTION FOR {', '.join(weaker)} ON {on} FROM {who}")
    for option, suffix in ((False, ""), (True, " WITH GRANT OPTION")):
        added = [
            f"{name}{column}"
            for name, grantable in new.items()
            if grantable is option and (name not in old or (option and not old[name]))
        ]
        if added:
            texts.append(f"{head}GRANT {', '.join(added)} ON {on} TO {who}{suffix}")
    return texts


def listed(item: SchemaObject) -> dict[str, bool]:
    """Read the privileges of a grant, each with whether it may be granted on."""
    grantable = item.attributes.get("grantable", "").split(", ")
    held = item.attributes["privileges"].split(", ")
    return {name: name in grantable for name in held if name}
