"""Findings of rules: made from what varies, and the one on work that reads or writes wait for."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding, Location, Severity
from dbspecialist.facts.locks import Lock
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.judging import (
    at,
    blocked_for,
    blocks,
    by_blocked_time,
    lock_evidence,
    seen,
    time_evidence,
)


def finding(
    *,
    severity: Severity,
    message: str,
    location: Location,
    evidence: tuple[Proof, ...] = (),
    help: str = "",
    relation: str = "",
) -> Finding:
    """Return a finding of the rule whose check yields it: its id is filled in by `rules.base`."""
    return Finding("", severity, message, location, evidence, help, relation=relation)


@dataclass(frozen=True, slots=True)
class Wait:
    """Work on a relation under a lock, for which reads or writes wait.

    Args:
        trial: The migration's.
        run: Tells production's sizes.
        statement: It works on the relation.
        table: The relation.
        lock: The lock on it while the statement works.
        holder: The statement that took the lock, where that is an earlier one.
    """

    trial: Trial
    run: Run
    statement: StatementEffects
    table: str
    lock: Lock
    holder: StatementEffects | None = None

    @property
    def _first(self) -> StatementEffects:
        return self.holder or self.statement

    @property
    def who(self) -> str:
        """What waits: "reads and writes", "writes"."""
        return blocks(self.lock)

    @property
    def long(self) -> str:
        """For how long, and for which lock: "for about 3 min at 50 million rows (ShareLock)"."""
        told = blocked_for(self._first, self.table, self.run, self.statement)
        return f"{told} ({self.lock.mode})"

    def __str__(self) -> str:
        return f"{self.who} wait {self.long}"

    def finding(
        self,
        message: str,
        done: str,
        help: str,
        relation: str = "",
        also: tuple[Lock, ...] = (),
    ) -> Finding:
        """Return the finding, of a severity that follows from the blocked time.

        Args:
            message: Object, effect and measured fact.
            done: What the engine was seen to do under the lock.
            help: What to write instead.
            relation: What the finding is about, where that is not the table.
            also: Other locks that it takes.
        """
        return finding(
            severity=by_blocked_time(self._first, self.table, self.run),
            message=message,
            location=at(self.trial, self.statement),
            evidence=(
                *map(lock_evidence, (self.lock, *also)),
                seen(done),
                time_evidence(self._first, self.table, self.run),
            ),
            help=help,
            relation=relation or self.table,
        )
