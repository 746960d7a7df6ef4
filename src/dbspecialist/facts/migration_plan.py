"""Plans: how a wanted change reaches production, and what was proven of it."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.facts.change import FileEdit, Phase
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.report import MigrationReport, TwinFacts


@dataclass(frozen=True, slots=True)
class Withheld:
    """A phase that is told and not written, since code still uses what it takes away.

    Args:
        phase: What is to follow later.
        statement: A statement that it would break.
        error: What the engine says to that statement afterwards.
    """

    phase: Phase
    statement: str
    error: str


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """How requests are carried out.

    Args:
        requests: What is wanted, as the command line takes it, in the order of the plan.
        toolchain: Whose revisions are written.
        twin: The twin that was asked.
        phases: What is written, in order; each is deployed by itself.
        withheld: What follows once no code uses what it takes away.
        edits: The files of the phases.
        migrations: What the files did on the twin.
        places: The phase, from 0, that each of them carries out.
        findings: What the rules say of the files; none above info where the plan is proven.
        accepted: Findings that are what was asked for, or the wait for a small table.
        proofs: Claims about the plan as a whole.
        losses: What rows lose, one clause each.
        notes: What was decided or is to be known, one sentence each.
        written: Whether the files were written.
    """

    requests: tuple[str, ...]
    toolchain: str
    twin: TwinFacts
    phases: tuple[Phase, ...]
    withheld: tuple[Withheld, ...] = ()
    edits: tuple[FileEdit, ...] = ()
    migrations: tuple[MigrationReport, ...] = ()
    places: tuple[int, ...] = ()
    findings: tuple[Finding, ...] = ()
    accepted: tuple[Finding, ...] = ()
    proofs: tuple[Proof, ...] = ()
    losses: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    written: bool = False

    @property
    def refuted(self) -> tuple[Proof, ...]:
        """The claims that do not hold: nothing is written then."""
        return tuple(item for item in self.proofs if item.verdict == "refuted")
