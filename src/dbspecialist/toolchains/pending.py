"""Pending migrations: which have run, and which are to be judged."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.git import changes_since, merge_base

_FIRST = frozenset({"base", "zero"})
_LAST = frozenset({"head", "heads"})


@dataclass(frozen=True, slots=True)
class Pending:
    """A history divided in two.

    Args:
        before: What comes before the pending ones, in running order.
        pending: The migrations to judge, in running order.
        edited: Those of `before` whose files were changed afterwards.
        applied: Those of `before` that the snapshot shows as applied; the others of `before`
            have to be run first.
        base: The commit whose code is running while the pending ones are deployed, or "".
    """

    before: tuple[Migration, ...]
    pending: tuple[Migration, ...]
    edited: tuple[Migration, ...] = ()
    applied: tuple[Migration, ...] = ()
    base: str = ""


@runtime_checkable
class Checksummed(Protocol):
    """A project whose version table keeps checksums of files."""

    def changed(self, checksums: Mapping[str, Mapping[str, str]]) -> tuple[Migration, ...]:
        """Applied migrations whose file has another checksum now."""

    def outdated(self, checksums: Mapping[str, Mapping[str, str]]) -> tuple[Migration, ...]:
        """Repeatable migrations that run again since their file has changed."""


def pending(
    project: Project,
    snapshot: Snapshot | None = None,
    *,
    from_: str | None = None,
    to: str | None = None,
    base: str | None = None,
) -> Pending:
    """Divide a project's history.

    Args:
        project: The project.
        snapshot: Its version tables tell what has run, where nothing else is given.
        from_: The last revision that has run (or its beginning, or `base` for none).
        to: The last revision to judge (or its beginning, or `head`).
        base: A git revision; files that are new since the merge base are pending.

    Raises:
        InputError: When a revision is not known or its beginning fits several, or when git does
            not know the base, or when `to` comes before `from_`.
    """
    history = project.history()
    known = {item.revision for item in history}
    applied = project.applied(dict(snapshot.revisions)) if snapshot else ()
    checksums = snapshot.checksums if snapshot else {}
    edited: tuple[Migration, ...] = ()
    again: tuple[Migration, ...] = ()
    if isinstance(project, Checksummed):
        edited, again = project.changed(checksums), project.outdated(checksums)
    applied = tuple(item for item in applied if item not in again)
    done = {item.revision for item in applied}
    wanted = known
    if base is not None:
        new, changed = _since(base, project, history)
        done = known - new
        edited = tuple(item for item in history if item in edited or item.revision in changed)
    if from_ is not None:
        done = set() if from_ in _FIRST else _up_to(from_, history, project)
    if to is not None and to not in _LAST:
        wanted = _up_to(to, history, project)
        if from_ is not None and wanted < done:
            raise InputError(
                f"revision {to} comes before {from_}",
                f"{project.name} in {project.root}",
                f"give --from {to} --to {from_}",
            )
    return Pending(
        before=tuple(item for item in history if item.revision in done),
        pending=tuple(item for item in history if item.revision in wanted - done),
        edited=tuple(item for item in edited if item.revision in done),
        applied=tuple(item for item in applied if item.revision in done),
        base=merge_base(base, project.root) if base is not None else "",
    )


def to_run_first(division: Pending, snapshot: Snapshot | None) -> tuple[Migration, ...]:
    """Return the earlier migrations that the stage's schema does not hold yet.

    A snapshot without a readable version table is taken to be where `--from` says.
    """
    if snapshot is not None and snapshot.catalogue.objects and not division.applied:
        return ()
    done = {item.revision for item in division.applied}
    return tuple(item for item in division.before if item.revision not in done)


def _since(base: str, project: Project, history: Iterable[Migration]) -> tuple[set[str], set[str]]:
    """Revisions whose files are new, and those whose files have changed, since a git base."""
    changes = changes_since(base, project.root)
    paths = {item.revision: (project.root / item.path).resolve() for item in history}
    return _among(paths, changes.added), _among(paths, changes.changed)


def _among(paths: Mapping[str, Path], files: frozenset[Path]) -> set[str]:
    return {name for name, path in paths.items() if path in files}


def _up_to(given: str, history: tuple[Migration, ...], project: Project) -> set[str]:
    """A revision and all that it follows."""
    by_name = {item.revision: item for item in history}
    found: set[str] = set()
    waiting = [find(given, history, project).revision]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(by_name[name].parents)
    return found


def find(given: str, history: tuple[Migration, ...], project: Project) -> Migration:
    """Find a migration by its revision, file name, or an unambiguous beginning of either.

    Raises:
        InputError: When none or several fit.
    """
    exact = [item for item in history if given in _names(item)]
    begun = [item for item in history if any(name.startswith(given) for name in _names(item))]
    found = exact or begun
    if len(found) == 1:
        return found[0]
    where = f"{project.name} in {project.root}"
    if found:
        fitting = ", ".join(item.revision for item in found[:5])
        raise InputError(
            f"revision {given} fits {len(found)}: {fitting}", where, "write more of it"
        )
    names = [name for item in history for name in _names(item)]
    near = difflib.get_close_matches(given, names, n=3, cutoff=0.4)
    newest = f"the newest is {history[-1].revision}" if history else "the history is empty"
    todo = f"did you mean {' or '.join(near)}?" if near else newest
    raise InputError(f"there is no revision {given}", where, todo)


def _names(item: Migration) -> tuple[str, ...]:
    """What a migration may be called by: revision, version without its letter, file, path."""
    path = Path(item.path)
    version = item.revision.removeprefix("V")
    return tuple(dict.fromkeys((item.revision, version, path.name, path.stem, item.path)))
