"""Efforts: how the rows of a table are made, from the plain way to the most careful."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """How rows are made: more carefully each time that a table has too few.

    Args:
        doubting: Whether each literal is validated first: statistics can hold what the type, as
            it is by now, does not read.
        by_type: Whether the statistics are left aside.
        unjudged: Whether the rows are inserted as they are, for the engine's own word on checks
            that cannot be asked without inserting.
    """

    doubting: bool = False
    by_type: bool = False
    unjudged: bool = False


FIRST = Effort()
EFFORTS = (
    FIRST,
    Effort(doubting=True),
    Effort(doubting=True, by_type=True),
    Effort(by_type=True),
    Effort(by_type=True, unjudged=True),
)
