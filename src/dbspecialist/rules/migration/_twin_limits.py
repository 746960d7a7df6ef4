"""Refusals that are the twin's own: of what a snapshot does not hold, or its server has not.

Production may take the statement all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import EngineError
from dbspecialist.facts.names import bare, parts
from dbspecialist.facts.trial import Run

_MISSING = re.compile(r'(?P<kind>role|database|relation) "(?P<name>.+)" does not exist')
_BUILT_WITHOUT = ("built with", "not supported in this build", "not supported by this build")


DENIED = "42501"

#: PostgreSQL manual, "Predefined Collations": initdb makes them where the server has ICU.
_OF_ICU = re.compile(r'collation "\S+-x-icu" for encoding "\w+" does not exist')

_NO_ROLES = "the snapshot holds the roles that own something or may do something, and no others"

#: What gives rights away that a superuser has.
_SET_ROLE = re.compile(r"\s*SET\s+(?:LOCAL\s+|SESSION\s+)?(?:ROLE|AUTHORIZATION)\b", re.IGNORECASE)


def limit(error: EngineError, run: Run) -> str:
    """Say why a refusal is the twin's and maybe not production's, or nothing."""
    told = f"{error.message} {error.detail}"
    if any(text in told for text in _BUILT_WITHOUT) or _OF_ICU.match(told):
        return "the twin's server is built without it"
    if error.sqlstate == DENIED and _is_by_superuser(run):
        return "production's role is a superuser, and the twin's is none"
    found = _MISSING.search(error.message)
    if run.snapshot is None or found is None:
        return ""
    name = found["name"]
    if found["kind"] == "role":
        return "" if run.snapshot.roles else _NO_ROLES
    if found["kind"] == "database":
        same = name == run.snapshot.database
        return "the twin's database has another name than production's" if same else ""
    there = _named(run.snapshot.catalogue.of_kind("table", "view", "materialized view"), name)
    first = run.trials[0].before.of_kind("table", "view", "materialized view")
    return "the twin was loaded without it, as told above" if there - _names(first) else ""


def _named(items: Iterable[SchemaObject], name: str) -> set[str]:
    """Return the relations that a name of a message may mean."""
    told = [bare(item) for item in parts(name)]
    return {
        item for item in _names(items) if [bare(one) for one in parts(item)][-len(told) :] == told
    }


def _names(items: Iterable[SchemaObject]) -> set[str]:
    return {item.name for item in items}


def _is_by_superuser(run: Run) -> bool:
    """Tell whether the role that the snapshot was taken as is a superuser, and is left as it is."""
    if run.snapshot is None:
        return False
    role = next((item for item in run.snapshot.roles if item.name == run.snapshot.role), None)
    sent = (item.sql for trial in run.trials for item in trial.statements)
    return role is not None and "SUPERUSER" in role.options and not any(map(_SET_ROLE.match, sent))
