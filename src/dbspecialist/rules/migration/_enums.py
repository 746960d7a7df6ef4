"""What enum rules share: the labels that a migration takes away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbspecialist.facts.catalogue import Difference
from dbspecialist.facts.trial import Trial


@dataclass(frozen=True, slots=True)
class Relabelled:
    """An enum before and after a migration."""

    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def gone(self) -> tuple[str, ...]:
        """The labels that it has no more."""
        return tuple(label for label in self.before if label not in self.after)

    @property
    def renamed(self) -> tuple[tuple[str, str], ...]:
        """Pairs of labels of which the second stands where the first stood."""
        if len(self.before) != len(self.after):
            return ()
        pairs = zip(self.before, self.after, strict=True)
        return tuple((old, new) for old, new in pairs if old in self.gone)


def relabelled(trial: Trial) -> Iterator[Relabelled]:
    """Yield the enums that lose labels."""
    for item in trial.differences:
        if item.object.kind == "enum" and "labels" in item.changed:
            found = _relabelled(item)
            if found.gone:
                yield found


def _relabelled(item: Difference) -> Relabelled:
    before, after = (
        _labels(side.attributes["labels"]) for side in (item.before, item.after) if side
    )
    return Relabelled(item.object.name, before, after)


def _labels(text: str) -> tuple[str, ...]:
    """Read labels as the catalogue writes them: `'new', 'paid'`."""
    return tuple(part.replace("''", "'") for part in text[1:-1].split("', '")) if text else ()
