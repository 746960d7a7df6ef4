"""Fixes that rules propose for their findings, and what is known of each before it is run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dbspecialist.engines.postgresql.majors import novelties
from dbspecialist.facts.change import Change, Phase
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.base import rules_by_id


@dataclass(frozen=True)
class Proposed:
    """A finding's fix: the statement it replaces and by what; `told` has what is there too.

    `refuted` is what production's rows refute of the statement: they refute the fix as well.
    """

    finding: Finding
    index: int
    told: tuple[Phase, ...]
    refuted: tuple[Proof, ...] = ()

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The steps that the migration does not have yet."""
        return tuple(phase for phase in self.told if not phase.present)


def ends(trial: Trial) -> bool:
    """Tell whether a migration was not stopped: where it was, its fixes would be too."""
    return not any(item.error and item.error.stopped for item in trial.statements)


def propose(trial: Trial, run: Run, findings: Sequence[Finding]) -> list[Proposed]:
    """Return the fixes that the rules have for what they found in a migration."""
    found = []
    for finding in findings:
        rule = rules_by_id().get(finding.rule)  # findings on excuses are no rule's
        fix = rule.fix if rule else None
        index = statement_of(trial, finding)
        if fix is None or index is None:
            continue
        phases = fix(trial, trial.statements[index], run)
        if phases and not refused_by_production(phases, run):
            refuted = tuple(_refuted_data(trial, findings, index))
            found.append(Proposed(finding, index, phases, refuted))
    return found


def refused_by_production(phases: Sequence[Phase], run: Run) -> bool:
    """Tell whether production's server, older than the twin, refuses a fix."""
    if run.snapshot is None or run.engine != "postgresql":
        return False
    major = run.snapshot.server_version // 10_000
    return any(novelties(sql, major) for phase in phases for sql in phase.up)


def statement_of(trial: Trial, finding: Finding) -> int | None:
    """Return the position of the statement that a finding is about."""
    if finding.location.path != trial.migration.path or finding.location.line is None:
        return None
    if finding.location.statement is not None:
        return finding.location.statement
    at_line = [
        number for number, item in enumerate(trial.statements) if item.line == finding.location.line
    ]
    locking = [
        number
        for number in at_line
        if any(lock.relation == finding.relation for lock in trial.statements[number].locks)
    ]
    return next(iter(locking or at_line), None)


#: Rules on what a statement needs of production's rows: its fix needs the same of them.
OF_ROWS = frozenset(
    {
        "backfill-before-not-null",
        "check-constraints-against-data",
        "check-narrowed-types-against-data",
        "deduplicate-before-unique",
        "remove-orphans-before-foreign-keys",
    }
)


def _refuted_data(trial: Trial, findings: Sequence[Finding], index: int) -> Iterator[Proof]:
    """Yield what production's rows refute of a statement, and what makes a failure likely."""
    for other in findings:
        if other.rule in OF_ROWS and statement_of(trial, other) == index:
            fails = other.severity == "error"
            yield from (one for one in other.evidence if fails or one.verdict == "refuted")


def change_of(item: Proposed, proofs: tuple[Proof, ...]) -> Change:
    """Return a fix as a change: safe where every proof of it is `proven`."""
    return Change(
        summary=item.finding.help or item.phases[0].title,
        phases=item.told,
        proofs=proofs,
        safe=all(proof.verdict == "proven" for proof in proofs),
        why="; ".join(f"{proof.claim}: {proof.verdict}" for proof in proofs),
    )
