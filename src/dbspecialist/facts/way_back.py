"""A revision's way back: how it is, how it was written, and what it cannot bring back."""

from __future__ import annotations

from dataclasses import dataclass, field

from dbspecialist.facts.revision_files import RevisionFiles
from dbspecialist.facts.walked import RoundTrip


@dataclass(frozen=True, slots=True)
class WayBack:
    """What was found out about a revision's way back.

    Args:
        revision: The revision.
        found: How its way back went.
        statements: The way back that was written, or nothing where the one that is there stays.
        written: How that one went.
        lost: What the upgrade removes, so that no way back can restore it, one clause each.
        files: The files that hold it.
    """

    revision: str
    found: RoundTrip
    statements: tuple[str, ...] = ()
    written: RoundTrip | None = None
    lost: tuple[str, ...] = ()
    files: RevisionFiles = field(default_factory=RevisionFiles)

    @property
    def works(self) -> bool:
        """Whether the way back that there is, or was written, restores what can be restored."""
        last = self.written or self.found
        return last.kind == "works" or (last.kind == "lossy" and last.unavoidable)
