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


def limit(error: EngineError, run: Run) -> str:
    """Say why a refusal is the twin's and maybe not production's, or nothing."""
    if any(text in f"{error.message} {error.detail}" for text in _BUILT_WITHOUT):
        return "the twin's server is built without it"
    found = _MISSING.search(error.message)
    if run.snapshot is None or found is None:
        return ""
    name = found["name"]
    if found["kind"] == "role":
        return "the snapshot holds the roles that own something or may do something, and no others"
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
