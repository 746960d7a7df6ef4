"""Names of Flyway scripts: prefix, version, description ("Migrations", Flyway's manual)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_NAME = re.compile(
    r"^(?:(?P<kind>[VUB])(?P<version>\d+(?:[._]\d+)*)|(?P<repeat>R))__(?P<title>.*)\.(?P<end>\w+)$"
)


@dataclass(frozen=True, slots=True)
class ScriptName:
    """A script's name in its parts.

    Args:
        kind: `V` versioned, `U` undo, `B` baseline, `R` repeatable.
        version: Its numbers, without zeros at the end; empty for a repeatable one.
        text: The version as Flyway prints it (`1.2`), or "".
        title: The description.
    """

    kind: str
    version: tuple[int, ...]
    text: str
    title: str

    @classmethod
    def of(cls, path: Path) -> Self | None:
        """Read a file's name; nothing where it is no script of Flyway."""
        found = _NAME.match(path.name)
        if found is None:
            return None
        text = (found["version"] or "").replace("_", ".")
        title = found["title"].replace("_", " ")
        return cls(found["kind"] or "R", version_of(text), text, title)

    @property
    def revision(self) -> str:
        """What the migration is called: `V1.2`, or `R__title` where it has no version."""
        return f"{self.kind}{self.text}" if self.text else f"R__{self.title.replace(' ', '_')}"


def version_of(text: str) -> tuple[int, ...]:
    """A version as numbers; 1 and 1.0 are the same version."""
    numbers = [int(part) for part in re.split(r"[._]", text) if part]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
