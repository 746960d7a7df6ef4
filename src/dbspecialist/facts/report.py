"""Reports: everything that one run found out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import SEVERITIES, Finding, Severity
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.proof import Proof


@dataclass(frozen=True, slots=True)
class TwinFacts:
    """The twin that was asked.

    Args:
        engine: `postgresql`.
        version: The twin's own version ("18.6").
        source: What the snapshot was made from, without passwords.
        source_version: The version of the server the snapshot stands for ("" where unknown).
        ready_ms: From reading the snapshot to the first statement, in milliseconds.
        scale: By how much sizes were multiplied.
        left_out: What the twin could not hold, one sentence each.
    """

    engine: str
    version: str
    source: str
    source_version: str
    ready_ms: float
    scale: float = 1.0
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What one migration did on the twin, and whether its way back works."""

    migration: Migration
    statements: tuple[StatementEffects, ...]
    round_trip: Proof


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one run, as `--format json` prints it.

    Args:
        twin: The twin that was asked.
        migrations: The pending migrations in running order.
        findings: Sorted by path, line and rule.
        proofs: Claims about the run as a whole (history replays, models agree …).
        data_fit: What the migrations need of production's rows, where the database was asked and
            no row refutes it; what is refuted stands in the findings.
        notes: What was passed over or done otherwise than asked, one sentence each.
    """

    twin: TwinFacts
    migrations: tuple[MigrationReport, ...] = ()
    findings: tuple[Finding, ...] = ()
    proofs: tuple[Proof, ...] = ()
    notes: tuple[str, ...] = ()
    data_fit: tuple[Proof, ...] = ()

    @property
    def summary(self) -> Mapping[str, int]:
        """Counts: migrations, statements and findings by severity."""
        counted = Counter(finding.severity for finding in self.findings)
        return {
            "migrations": len(self.migrations),
            "statements": sum(len(item.statements) for item in self.migrations),
            **{severity: counted[severity] for severity in SEVERITIES},
        }

    def at_least(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings of that severity and above."""
        worst = SEVERITIES[: SEVERITIES.index(severity) + 1]
        return tuple(item for item in self.findings if item.severity in worst)
