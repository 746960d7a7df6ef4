"""What the walk with rows, there and back, shows of a migration."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.facts.effects import EngineError
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.workload import WorkloadStatement


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """How a migration's way back went.

    Args:
        kind: `works`, `irreversible`, `failing`, `lossy`, `incomplete`, `empty`, `unrepeatable`,
            `unchecked`.
        proof: The verdict with what was seen.
        details: Objects or columns that did not come back, one sentence each.
        unavoidable: Whether a lossy way back must be: the upgrade itself removes the values.
        kept: Columns of a table whose values are lost and were still there after the upgrade, in
            another column of it: the table, the column, and that one.
    """

    kind: str
    proof: Proof
    details: tuple[str, ...] = ()
    unavoidable: bool = False
    kept: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """A statement of the application that worked before a migration and fails after it."""

    statement: WorkloadStatement
    error: EngineError


@dataclass(frozen=True, slots=True)
class RowsError:
    """A statement that the empty twin takes and a twin with sample rows refuses.

    `index` counts the migration's statements from 0.
    """

    index: int
    error: EngineError
