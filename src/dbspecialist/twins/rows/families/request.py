"""What a family of types is asked for: one value as a text literal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from dbspecialist.twins.rows.structure import DataType


@dataclass(frozen=True, slots=True)
class Request:
    """One value that is wanted.

    Args:
        type: The type, its modifiers included.
        row: Which row it is for: different rows get different values where the type has them.
        position: The column's number: times in one row grow with it, so that ends follow starts.
        rng: The source of randomness.
        width: Bytes that production's values have on average, where known.
        careful: Whether edge cases are wanted, as nothing is known of production's values.
    """

    type: DataType
    row: int
    position: int
    rng: Random
    width: float | None = None
    careful: bool = False

    def of(self, inner: DataType, row: int | None = None) -> Request:
        """Ask for a value of a part: an element, a bound, an attribute."""
        return replace(
            self, type=inner, row=self.row if row is None else row, width=None, careful=False
        )


#: Makes the value of a part.
Nested = Callable[[Request], str]
