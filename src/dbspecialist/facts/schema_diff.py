"""What leads from one schema to another, and how far that is proven."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.facts.proof import Proof


@dataclass(frozen=True, slots=True)
class Script:
    """Statements in one direction.

    Args:
        statements: SQL in order, each without a closing semicolon and a transaction of its own.
        losses: What of the data they lose, one clause each.
        proofs: Whether they end in the other schema.
    """

    statements: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    proofs: tuple[Proof, ...] = ()

    @property
    def proven(self) -> bool:
        """Whether every claim about the script is proven."""
        return all(proof.verdict == "proven" for proof in self.proofs)


@dataclass(frozen=True, slots=True)
class SchemaDiff:
    """The way from one schema to another, and the way back.

    Args:
        before: What the first schema was read from.
        after: What the second was read from.
        up: From the first to the second.
        down: From the second to the first.
        notes: What of the schemas the twin does not hold, one sentence each.
    """

    before: str
    after: str
    up: Script
    down: Script
    notes: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether there is nothing to do."""
        return not self.up.statements and not self.down.statements

    @property
    def proven(self) -> bool:
        """Whether both ways end where they should."""
        return self.up.proven and self.down.proven
