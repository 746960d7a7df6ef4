"""What the rules about ways back share."""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding, Severity
from dbspecialist.facts.trial import Trial
from dbspecialist.rules.findings import finding


def told(
    trial: Trial, kind: str, *, severity: Severity, effect: str, help_: str
) -> Iterator[Finding]:
    """Yield a finding where a migration's way back went as `kind` says."""
    back = trial.round_trip
    if back is None or back.kind != kind:
        return
    yield finding(
        severity=severity,
        message=f"Migration {trial.migration.revision}: {effect}: {back.proof.basis}",
        location=trial.location(),
        evidence=(back.proof,),
        help=help_,
    )
