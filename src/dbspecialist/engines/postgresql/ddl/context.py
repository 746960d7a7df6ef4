"""What the statements for one object are written from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.dependencies import Dependencies, Key

#: The version of twins, for which statements are where no server is known.
NEWEST = 180_000

#: From an old and a new type to the USING expression: "" where the engine needs none, else a text
#: in which `{}` stands for the column.
Conversion = Callable[[str, str], str]


@dataclass(frozen=True)
class Side:
    """One of two schemas.

    Args:
        catalogue: Its objects, reduced to what is compared.
        dependencies: What each of them needs.
    """

    catalogue: Catalogue
    dependencies: Dependencies


@dataclass(frozen=True)
class Context:
    """The two schemas that statements lead between.

    Args:
        before: The schema that there is.
        after: The schema that is wanted.
        conversion: How values of one type become values of another.
        version: The server that statements are for, as it numbers itself.
        replaced: Types that are made anew while columns of them stay.
    """

    before: Side
    after: Side
    conversion: Conversion
    version: int = NEWEST
    replaced: frozenset[Key] = frozenset()
