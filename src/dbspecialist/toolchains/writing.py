"""Writing fixes: the phases that replace a statement, in the form of the project's toolchain.

A toolchain that can write has a module `writing` in its package, or `<toolchain>_writing` beside
its module, with a function `rewritten(project, trial, replacements)`. It is found by being there.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import PurePosixPath
from types import ModuleType

from dbspecialist.facts.change import FileEdit, Phase
from dbspecialist.facts.trial import Trial
from dbspecialist.toolchains.base import Project

#: Statements of one migration by position, and the phases to write instead.
Replacements = Mapping[int, Sequence[Phase]]


def rewritten(project: Project, trial: Trial, replacements: Replacements) -> tuple[FileEdit, ...]:
    """Return the new text of a migration's file and the files to put beside it.

    Nothing is returned where the place of a statement cannot be told exactly, where the toolchain
    has no form for a phase, or where a file lies outside the project's root.

    Args:
        project: Whose migration it is.
        trial: The migration and its statements, in the order in which they were sent.
        replacements: Phases by the position of the statement that they replace.
    """
    module = _module(project)
    if module is None or not replacements:
        return ()
    edits: tuple[FileEdit, ...] = module.rewritten(project, trial, replacements)
    return edits if all(_is_inside(edit.path) for edit in edits) else ()


def _module(project: Project) -> ModuleType | None:
    own = type(project).__module__
    package, _, _ = own.rpartition(".")
    for name in (f"{own}_writing", f"{package}.writing"):
        if name != __name__ and find_spec(name) is not None:
            return importlib.import_module(name)
    return None


def _is_inside(path: str) -> bool:
    place = PurePosixPath(path)
    return not place.is_absolute() and ".." not in place.parts
