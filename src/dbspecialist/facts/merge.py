"""A merge of heads, with what the two orders of each pair were seen to do."""

from __future__ import annotations

from dataclasses import dataclass, field

from dbspecialist.facts.revision_files import RevisionFiles


@dataclass(frozen=True, slots=True)
class Merge:
    """What was found out about heads.

    Args:
        heads: The heads.
        conflicts: What depends on which of two branches runs first, one sentence each.
        files: The revision that merges them.
    """

    heads: tuple[str, ...]
    conflicts: tuple[str, ...] = ()
    files: RevisionFiles = field(default_factory=RevisionFiles)
