"""Whether a script leads to a schema: by the catalogue, and by what pg_dump writes."""

from __future__ import annotations

import re
from collections import Counter

from dbspecialist.engines.postgresql.script import split_script
from dbspecialist.facts.catalogue import Catalogue, differences
from dbspecialist.facts.proof import Proof
from dbspecialist.proofs.difference_text import sentence

CATALOGUES = "the script ends in the same catalogue"
DUMPS = "pg_dump --schema-only writes the same text"

#: The most that is told of what is left.
MOST = 5

_RESTRICT = re.compile(r"(?m)^\\(un)?restrict .*\n")
_SESSION = re.compile(r"SET \w+ = |SELECT pg_catalog\.set_config")
_OWNER = re.compile(r"ALTER .+ OWNER TO \S+", re.DOTALL)
_NOT_NULL = re.compile(r' CONSTRAINT (?:"(?:[^"]|"")*"|\S+) NOT NULL')
_BODY = re.compile(
    r"(CREATE (?:UNLOGGED |FOREIGN )?(?:TABLE|TYPE) \S+ (?:AS )?\()\n(.*)\n(\).*)", re.DOTALL
)


def catalogue_proof(reached: Catalogue, goal: Catalogue) -> Proof:
    """Compare the catalogue that was reached with the one that was wanted, both reduced."""
    left = compared(reached, goal)
    if not left:
        return Proof(CATALOGUES, "proven", f"{len(goal.objects)} objects compared on a twin")
    return Proof(CATALOGUES, "refuted", left)


def compared(reached: Catalogue, goal: Catalogue) -> str:
    """Tell the first differences between two catalogues, both reduced, or ""."""
    left = differences(reached, goal)
    told = [sentence(item) for item in left[:MOST]]
    more = [f"{len(left) - MOST} more"] if len(left) > MOST else []
    return "; ".join((*told, *more))


def dump_proof(reached: str, goal: str, *, owners: bool, names: bool = True) -> Proof:
    """Compare two outputs of pg_dump, but for the order that columns and statements stand in.

    Args:
        reached: Of the database that the script was applied to.
        goal: Of the other.
        owners: Whether owners count.
        names: Whether names of NOT NULL constraints count.
    """
    if not names:
        reached, goal = (_NOT_NULL.sub(" NOT NULL", text) for text in (reached, goal))
    one, other = dumped(reached, owners=owners), dumped(goal, owners=owners)
    if one == other:
        return Proof(DUMPS, "proven", f"{other.total()} statements compared")
    missing = [_first(text) for text in (other - one)]
    extra = [_first(text) for text in (one - other)]
    told = [f"missing: {text}" for text in missing[:MOST]] + [
        f"left over: {text}" for text in extra[:MOST]
    ]
    return Proof(DUMPS, "refuted", "; ".join(told))


def dumped(text: str, *, owners: bool) -> Counter[str]:
    """Split a dump into statements, with the lines inside CREATE TABLE sorted."""
    found = (item.sql for item in split_script(_RESTRICT.sub("", text)))
    return Counter(
        _BODY.sub(_sorted, item)
        for item in found
        if not _SESSION.match(item) and (owners or not _OWNER.fullmatch(item))
    )


def _sorted(found: re.Match[str]) -> str:
    lines = sorted(line.strip().removesuffix(",") for line in found[2].splitlines())
    return "\n".join((found[1], *lines, found[3]))


def _first(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 120 else f"{line[:119]}…"
