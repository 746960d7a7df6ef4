"""Objects that are gone, with the new ones that they may be under another name.

A dropped column and an added one of the same type are a candidate (of several, that whose values
are most alike where both sides have statistics); so are a dropped and an added table that have at
least half of their columns alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbspecialist.advisors.schema_diff.likeness import ALIKE as ALIKE_VALUES
from dbspecialist.advisors.schema_diff.likeness import Evidence, Likeness
from dbspecialist.facts.catalogue import Catalogue, SchemaObject

#: The least share of columns (name and type) that a renamed table has kept.
ALIKE = 0.5


@dataclass(frozen=True, slots=True)
class Candidate:
    """An object that is gone and one that may be it under a new name."""

    old: SchemaObject
    new: SchemaObject
    likeness: Likeness | None = None

    def question(self) -> str:
        """Say what is seen."""
        kind, told = self.old.kind, self.old.attributes.get("type")
        typed = f" ({told})" if told else ""
        seen = f"{kind} {self.old.name}{typed} is gone and {last(self.new)}{typed} is new"
        if self.likeness is None:
            return seen
        alike = "alike" if self.likeness.share >= ALIKE_VALUES else "unlike"
        return f"{seen}, values {alike} ({self.likeness.text})"


def last(item: SchemaObject) -> str:
    """Return a column's own name, or a table's with its schema."""
    return item.name.removeprefix(f"{item.parent}.") if item.kind == "column" else item.name


def table_candidates(before: Catalogue, after: Catalogue) -> Iterator[Candidate]:
    """Yield dropped tables with the added one that is most alike."""
    added = [item for item in after.of_kind("table") if not before.get("table", item.name)]
    for old in before.of_kind("table"):
        if after.get("table", old.name):
            continue
        rated = [(_alike(old, new, before, after), new) for new in added]
        best = max(rated, key=lambda pair: pair[0], default=None)
        if best is not None and best[0] >= ALIKE:
            added.remove(best[1])
            yield Candidate(old, best[1])


def _alike(old: SchemaObject, new: SchemaObject, before: Catalogue, after: Catalogue) -> float:
    one, other = (
        {(last(item), item.attributes["type"]) for item in side.parts_of(table.name, "column")}
        for side, table in ((before, old), (after, new))
    )
    return len(one & other) / max(len(one), len(other), 1)


def column_candidates(
    before: Catalogue, after: Catalogue, evidence: Evidence
) -> Iterator[Candidate]:
    """Yield dropped columns with the added one of the same type that is most alike."""
    for table in before.of_kind("table"):
        if after.get("table", table.name) is None:
            continue
        added = [
            item for item in after.parts_of(table.name, "column") if not before.by_key.get(item.key)
        ]
        for old in before.parts_of(table.name, "column"):
            if old.key in after.by_key:
                continue
            same = [
                Candidate(old, new, evidence.of(old, new))
                for new in added
                if _is_same_kind(old, new)
            ]
            best = min(same, key=_distance, default=None)
            if best is not None:
                added.remove(best.new)
                yield best


def _is_same_kind(old: SchemaObject, new: SchemaObject) -> bool:
    names = ("type", "collation", "generated", "local")
    return all(old.attributes.get(name) == new.attributes.get(name) for name in names)


def _distance(candidate: Candidate) -> tuple[float, int, int]:
    """Rate how unlike two columns are: values, then what else differs, then how far apart."""
    was, now = candidate.old.attributes, candidate.new.attributes
    names = ("not_null", "default", "identity", "storage")
    unlike = sum(was.get(name) != now.get(name) for name in names)
    apart = abs(int(was.get("position", 0)) - int(now.get("position", 0)))
    return (1 - candidate.likeness.share if candidate.likeness else 0.5), unlike, apart
