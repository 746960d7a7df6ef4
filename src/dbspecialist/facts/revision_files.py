"""Revisions as files of a toolchain, and how far they are proven."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.proof import Proof


@dataclass(frozen=True, slots=True)
class RevisionFiles:
    """Files that were made for a project, run by its own runner in a copy of it.

    Args:
        toolchain: Whose files they are, or "" where none was needed.
        files: The files, relative to the project's root.
        proofs: What the run showed.
        losses: What of the data they lose, one clause each.
        notes: What is to be known besides, one sentence each.
        written: The paths that were written, or nothing for a dry run.
    """

    toolchain: str = ""
    files: tuple[FileEdit, ...] = ()
    proofs: tuple[Proof, ...] = ()
    losses: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    written: tuple[str, ...] = ()

    @property
    def proven(self) -> bool:
        """Whether no claim about the files is refuted or unchecked."""
        return all(proof.verdict in {"proven", "tested"} for proof in self.proofs)
