"""Words that answers share: values shortened, and the query that a person can run."""

from __future__ import annotations

from dbspecialist.facts.data_fit import Claim, DataFit
from dbspecialist.facts.proof import Proof

#: Longer values are cut.
LENGTH = 40

_QUERY = "; the query that decides it: "


def quoted(value: str | None) -> str:
    """Write a value as SQL does, shortened."""
    return "NULL" if value is None else f"'{shortened(value)}'"


def shortened(value: str) -> str:
    """Cut a value that is longer than a report needs."""
    return value if len(value) <= LENGTH else value[: LENGTH - 1] + "…"


def told(basis: str, claim: Claim) -> str:
    """Add the query that decides a claim to what was seen."""
    return f"{basis}{_QUERY}{claim.query}" if claim.query else basis


def without_query(basis: str) -> str:
    """Take the query off again."""
    return basis.partition(_QUERY)[0]


def undecided(claim: Claim, why: str) -> DataFit:
    """Return a claim that nobody has decided."""
    return DataFit(claim, Proof(claim.text, "unchecked", told(why, claim)))
