"""What one call of `prove` asks for, for all of its projects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.tasks.configuration import Configuration

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """What holds for all projects of one call."""

    snapshot: Snapshot | None
    scale: float
    configuration: Configuration
    tell: Progress
    fix: bool = False
    database: str | None = None
    engine: str = "postgresql"
