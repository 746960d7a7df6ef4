"""Writing new revisions: the phases of a change as files of the project's toolchain.

A toolchain that can write them has a module `revisions` in its package, or
`<toolchain>_revisions` beside its module, with a function
`new_revisions(project, revisions, place)`. It is found by being there.
"""

from __future__ import annotations

import importlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from types import ModuleType

from dbspecialist.engines.postgresql.tokens import tokens
from dbspecialist.facts.change import FileEdit, Phase
from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.sql_places import bare

_SETTING = re.compile(r"(set|reset)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NewRevision:
    """One revision that is to be written.

    Args:
        title: What it does, as an imperative clause.
        up: Statements in order, without closing semicolons.
        down: Statements of the way back, in order.
        transactional: Whether its statements run in one transaction.
        when: What must be true before it may run, or "".
        first: Whether it is the first of those written together.
    """

    title: str
    up: tuple[str, ...]
    down: tuple[str, ...] = ()
    transactional: bool = True
    when: str = ""
    first: bool = True

    @property
    def back_transactional(self) -> bool:
        """Whether the way back runs in one transaction."""
        return not self.down or (self.transactional and not any(map(is_concurrent, self.down)))


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the history new revisions go.

    Args:
        head: The revision or label that they follow, or "" for the only head.
        now: The time that their names tell.
    """

    head: str = ""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def moment(self, number: int) -> datetime:
        """Return the time of the revision of this number, a second for each before it."""
        return self.now + timedelta(seconds=number)


def new_revisions(
    project: Project, title: str, phases: Sequence[Phase], place: Place | None = None
) -> tuple[FileEdit, ...]:
    """Return the files of new revisions at the end of a project's history, one a phase.

    Phases that the project has already, and those without statements, get none. Where a runner
    sends a file as one message, each statement without a transaction gets a file of its own. The
    files are not written, nor are the phases' own edits among them.

    Args:
        project: Whose history goes on.
        title: What the change does, the title where there is one phase.
        phases: What to write.
        place: Where in the history, if not behind its only head and now.

    Raises:
        InputError: Where the toolchain cannot say a phase, or the history has several heads.
    """
    module = beside(project, "revisions")
    if module is None:
        raise InputError(
            f"no revisions of {project.name} can be written", str(project.root), "write SQL"
        )
    revisions = _as_revisions(title, phases)
    if not revisions:
        return ()
    edits: tuple[FileEdit, ...] = module.new_revisions(project, revisions, place or Place())
    for edit in edits:
        if (project.root / edit.path).exists() and not edit.before:
            raise InputError("the file is there already", edit.path, "give another title")
    return edits


def _as_revisions(title: str, phases: Sequence[Phase]) -> tuple[NewRevision, ...]:
    written = [item for item in phases if item.up and not item.present]
    return tuple(
        NewRevision(
            title=item.title if len(written) > 1 and item.title else title,
            up=tuple(bare(sql) for sql in item.up),
            down=tuple(bare(sql) for sql in item.down),
            transactional=item.transactional and not any(map(is_concurrent, item.up)),
            when=item.when,
            first=number == 0,
        )
        for number, item in enumerate(written)
    )


def is_concurrent(sql: str) -> bool:
    """Whether a statement is refused in a transaction for its CONCURRENTLY."""
    words = [sql[item.start : item.end].lower() for item in tokens(sql, "") if item.kind == "word"]
    return "concurrently" in words and words[0] != "refresh"  # that one may run in a transaction


def one_by_one(revisions: Sequence[NewRevision], where: str) -> tuple[NewRevision, ...]:
    """Part revisions without a transaction so that each has one statement a direction.

    A runner that sends a file as one message has the server wrap several statements in a
    transaction ("Multiple Statements in a Simple Query", PostgreSQL manual). Settings of the
    session are left out there: they would end with the file, or outlive it.

    Raises:
        InputError: Where a way back has more such statements than the way up.
    """
    found: list[NewRevision] = []
    for item in revisions:
        found += [item] if item.transactional else _parted(item, where)
    return tuple(found)


def _parted(item: NewRevision, where: str) -> Iterator[NewRevision]:
    up = [sql for sql in item.up if not _SETTING.match(sql)]
    down = [sql for sql in item.down if not _SETTING.match(sql)]
    if len(down) > len(up) and any(map(is_concurrent, down)):
        todo = "give each statement that runs outside a transaction a phase of its own"
        raise InputError(f"the way back of '{item.title}' needs more files", where, todo)
    backs: list[tuple[str, ...]] = [()] * len(up)
    if len(down) > len(up):
        backs[-1] = tuple(down)
    else:  # the last file is taken back first
        for number, sql in enumerate(down):
            backs[-1 - number] = (sql,)
    for number, sql in enumerate(up):
        title = item.title if len(up) == 1 else f"{item.title} {number + 1}"
        first = item.first and number == 0
        yield NewRevision(title, (sql,), backs[number], False, item.when, first)


def slug(title: str, longest: int = 60, mark: str = "_") -> str:
    """Return a title as file names have it: lower case, words joined by a mark, cut at a word."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words: list[str] = re.findall(r"[a-z0-9]+", plain) or ["change"]
    found = words[0][:longest]
    for word in words[1:]:
        if len(found) + len(mark) + len(word) > longest:
            break
        found += mark + word
    return found


def comment(text: str, mark: str) -> list[str]:
    """Return a text as comment lines."""
    return [f"{mark} {line}".rstrip() for line in text.splitlines()]


def beside(project: Project, name: str) -> ModuleType | None:
    """Return the module of that name of a project's toolchain, or nothing."""
    own = type(project).__module__
    package, _, _ = own.rpartition(".")
    for path in (f"{own}_{name}", f"{package}.{name}"):
        ours = package == "dbspecialist.toolchains" and not path.startswith(own)
        if not ours and find_spec(path) is not None:
            return importlib.import_module(path)
    return None
