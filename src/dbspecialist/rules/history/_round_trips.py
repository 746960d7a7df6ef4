"""What the rules about ways back share."""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding, Severity
from dbspecialist.facts.trial import Trial
from dbspecialist.rules.findings import finding

#: What a basis begins with and a message has said already.
_SAID = (
    "the downgrade fails: ",
    "the schema differs after the downgrade: ",
    "the second upgrade fails: ",
    "the downgrade sends no statement: ",
    "the schema comes back and rows do not: ",
)


def told(
    trial: Trial, kind: str, *, severity: Severity, effect: str, help_: str
) -> Iterator[Finding]:
    """Yield a finding where a migration's way back went as `kind` says."""
    back = trial.round_trip
    if back is None or back.kind != kind:
        return
    basis = back.proof.basis
    for clause in _SAID:
        basis = basis.removeprefix(clause)
    yield finding(
        severity=severity,
        message=f"Migration {trial.migration.revision}: {effect}: {basis}",
        location=trial.location(),
        evidence=(back.proof,),
        help=help_,
    )
