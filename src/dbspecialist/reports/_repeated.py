"""Findings that repeat: the first of a rule are told, and the others counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from dbspecialist.facts.finding import SEVERITIES, Finding

#: How many findings of one rule are told whole. Only `info` is shortened.
WHOLE = 3


@dataclass
class Repeated:
    """What was told of each rule so far in one report."""

    told: Counter[str] = field(default_factory=Counter)

    def split(self, findings: Iterable[Finding]) -> tuple[list[Finding], str]:
        """Divide a place's findings into those to tell, the worst first, and words for the rest."""
        kept: list[Finding] = []
        rest: Counter[str] = Counter()
        for finding in sorted(findings, key=lambda one: SEVERITIES.index(one.severity)):
            if finding.severity == "info" and self.told[finding.rule] >= WHOLE:
                rest[finding.rule] += 1
            else:
                self.told[finding.rule] += finding.severity == "info"
                kept.append(finding)
        return kept, ", ".join(f"{number} more of {rule}" for rule, number in sorted(rest.items()))
