"""Which files of a plan belong to which of its phases: a toolchain can need several for one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dbspecialist.facts.change import FileEdit, Phase
from dbspecialist.facts.trial import Trial
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.revisions import Place, new_revisions

_SETTING = re.compile(r"(set|reset)\b", re.IGNORECASE)


def parts_steps(project: Project, place: Place) -> bool:
    """Tell whether a toolchain needs a file for each statement that runs outside a transaction."""
    one, two = (
        new_revisions(project, "a", [Phase("", statements, transactional=False)], place)
        for statements in (("SELECT 1",), ("SELECT 1", "SELECT 2"))
    )
    return len(two) > len(one)


def phase_places(phases: Sequence[Phase], trials: Sequence[Trial]) -> tuple[int, ...]:
    """Return the place of the phase that each file carries out, told by its statements.

    Args:
        phases: In the order in which they were written.
        trials: The files, in running order.
    """
    found: list[int] = []
    place = 0
    for trial in trials:
        sent = [_plain(item.sql) for item in trial.statements]
        later = range(place, len(phases))
        place = next((number for number in later if _holds(phases[number], sent)), place)
        found.append(place)
    return tuple(found)


def _holds(phase: Phase, sent: Sequence[str]) -> bool:
    wanted = [_plain(sql) for sql in phase.up if not _SETTING.match(sql)]
    return any(text in statement for text in wanted for statement in sent)


def _plain(sql: str) -> str:
    """Return a statement in one line and lower case: files can have another style."""
    return " ".join(sql.split()).rstrip("; ").lower()


def files_of(
    edits: Sequence[FileEdit], written: Sequence[Trial], every: Sequence[Trial]
) -> tuple[FileEdit, ...]:
    """Leave out the files of the trials that are withheld, with those beside them."""
    gone = [item.migration for item in every[len(written) :]]
    return tuple(edit for edit in edits if not any(_belongs(edit.path, item.path) for item in gone))


def _belongs(path: str, migration: str) -> bool:
    """Tell whether a file is a migration's, or lies beside it with the same beginning."""
    folder, _, name = migration.rpartition("/")
    other_folder, _, other = path.rpartition("/")
    if name in {"migration.sql", "up.sql"}:
        return folder == other_folder
    stem = name.removesuffix(".sql").removesuffix(".up")
    undo = "U" + stem[1:] if stem.startswith("V") else stem  # Flyway's way back
    return other_folder.startswith(folder) and other.startswith((f"{stem}.", f"{undo}."))
