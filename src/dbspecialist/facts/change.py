"""Changes: what to do to a database and its repository, in phases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dbspecialist.facts.proof import Proof

#: What a phase is to code that runs: "expand" adds what new code needs, "backfill" fills rows,
#: "contract" takes away what old code needed; "" for what is neither.
Stage = Literal["", "expand", "backfill", "contract"]


@dataclass(frozen=True, slots=True)
class FileEdit:
    """The new text of one file.

    Args:
        path: Relative to the repository's root.
        text: The new text.
        before: The text that it replaces, "" where the edit makes the file or nobody has read it.
    """

    path: str
    text: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class Phase:
    """One step that is deployed by itself.

    Args:
        title: What the step does, as an imperative clause.
        up: SQL statements, in order, each without a closing semicolon.
        down: SQL statements that take the step back, in order.
        transactional: Whether the statements run in one transaction.
        edits: Files that change with the step.
        when: What must be true before it may run ("" for at once).
        present: Whether the migration has the step already: it is told for its place among the
            others, and stays as it is.
        checks: Queries of one boolean each that are true when it may run.
        stage: What it is to code that runs meanwhile.
    """

    title: str
    up: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    transactional: bool = True
    edits: tuple[FileEdit, ...] = ()
    when: str = ""
    present: bool = False
    checks: tuple[str, ...] = ()
    stage: Stage = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What to do instead, in phases, with the proofs that it works.

    `safe` says whether applying it without reading is harmless, and `why` the reason.
    """

    summary: str
    phases: tuple[Phase, ...] = ()
    proofs: tuple[Proof, ...] = ()
    safe: bool = False
    why: str = ""
