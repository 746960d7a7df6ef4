"""Findings: what a rule says about one place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from dbspecialist.facts.change import Change
from dbspecialist.facts.proof import Proof

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file: `path` relative to the repository's root, `line` from 1.

    `statement` counts the migration's statements from 0; several may stand in one line.
    """

    path: str
    line: int | None = None
    statement: int | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says: object, effect, measured fact, and what to do instead.

    Args:
        rule: The rule's id, advice in words (`build-index-concurrently`).
        severity: From the effect, see docs/severity.md.
        message: Object, effect and measured fact, in that order.
        location: Where the statement stands.
        evidence: The proofs behind the message.
        help: What to write instead, in the user's toolchain where it is known.
        fix: The change that removes the hazard, itself proven, or nothing.
        relation: The schema-qualified object the finding is about, or "".
    """

    rule: str
    severity: Severity
    message: str
    location: Location
    evidence: tuple[Proof, ...] = ()
    help: str = ""
    fix: Change | None = None
    relation: str = ""
