"""What the rules about drift share: one finding for each object that two catalogues differ in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dbspecialist.facts.catalogue import Difference
from dbspecialist.facts.finding import Finding, Location
from dbspecialist.facts.proof import Proof
from dbspecialist.rules.findings import finding

#: The longest definition that is shown whole, in characters.
LONGEST = 100


@dataclass(frozen=True, slots=True)
class Drift:
    """How a rule tells differences.

    Args:
        location: Where its findings stand.
        claim: What is refuted, with `{}` for the object.
        basis: How that was seen.
        gone: What is said of an object that the second side lacks.
        new: What is said of one that the first side lacks.
        sides: The two sides in words ("the migrations", "production").
        help: What to do.
        is_known_to_code: Whether a difference is one that the application's code makes up for.
    """

    location: Location
    claim: str
    basis: str
    gone: str
    new: str
    sides: tuple[str, str]
    help: str
    is_known_to_code: Callable[[Difference], bool] = lambda _item: False

    def findings(self, drift: tuple[Difference, ...]) -> Iterator[Finding]:
        """Yield a finding for each object, and one alone for a table that a side lacks."""
        whole = {
            item.object.name
            for item in drift
            if item.object.kind == "table" and (item.before is None or item.after is None)
        }
        for item in drift:
            if item.object.parent not in whole:
                yield self._finding(item)

    def _finding(self, item: Difference) -> Finding:
        name = f"{item.object.kind} {item.object.name}"
        return finding(
            severity="info" if self.is_known_to_code(item) else "warning",
            message=f"{name[0].upper()}{name[1:]} {self._told(item)}",
            location=self.location,
            evidence=(Proof(self.claim.format(name), "refuted", self.basis),),
            help=self.help,
            relation=item.object.parent or item.object.name,
        )

    def _told(self, item: Difference) -> str:
        if item.after is None:
            return self.gone
        if item.before is None:
            return self.new
        old, new = item.before.attributes, item.after.attributes
        first, second = self.sides
        parts = [
            f"{key} is {_shown(old.get(key))} in {first} and {_shown(new.get(key))} in {second}"
            for key in item.changed
        ]
        return f"differs: {'; '.join(parts)}"


def _shown(value: str | None) -> str:
    return "absent" if value is None else _one_line(value)


def _one_line(value: str) -> str:
    """Write a definition on one line, cut to `LONGEST` characters."""
    line = " ".join(value.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
