"""Data fit: what a migration needs of the rows that are there, and how far it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dbspecialist.facts.proof import Proof

ClaimKind = Literal[
    "not null",
    "unique",
    "check",
    "references",
    "type",
    "enum",
    "loss",
    "sequence",
    "bound",
    "taken",
    "shifted",
    "children",
    "update",
    "computed",
]


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim about production's rows.

    Args:
        kind: What needs it: a column that becomes NOT NULL, a unique index, a CHECK, a foreign
            key, a type that holds less, a removed enum value, a dropped column, a sequence, a
            partition's bound, a key that is written, the children of rows that are deleted, a
            constraint on columns that are set, a value that is computed for every row.
        text: The claim, one sentence without a full stop.
        object: The column, constraint or index that needs it.
        relation: The table, as the migration names it.
        columns: Production's names of the columns it speaks of, quoted where they must be; those
            in which the run itself gives all rows one value are left out.
        query: The query that decides it, in production's names: a row refutes it.
        misfit: The condition on one row that refutes it, in production's names, or "" where no
            row does alone.
        reads: The tables that the query reads, in production's names.
        referenced: Production's names of the columns that a foreign key refers to, in the order
            of its own; nothing where the run makes one of them, or computes its own.
        given: The one value that the run itself gives all rows in a foreign key's one column, as
            an expression, or "".
        obstacle: Why production cannot be asked, or "".
        revision: The migration.
        index: The statement's place in it, from 0, where known.
    """

    kind: ClaimKind
    text: str
    object: str
    relation: str
    columns: tuple[str, ...] = ()
    query: str = ""
    misfit: str = ""
    reads: tuple[str, ...] = ()
    referenced: tuple[str, ...] = ()
    obstacle: str = ""
    revision: str = ""
    index: int | None = None
    given: str = ""


@dataclass(frozen=True, slots=True)
class DataFit:
    """A claim with its verdict.

    Args:
        claim: What is claimed.
        proof: `refuted` by statistics or the database, `proven` by the database alone.
        source: Who decided it: `statistics`, `database`, `run` (every row holds what the run
            itself puts in), or "".
        counterexample: What refutes it, shortened; "" where it may not be shown.
    """

    claim: Claim
    proof: Proof
    source: Literal["", "statistics", "database", "run"] = ""
    counterexample: str = ""
