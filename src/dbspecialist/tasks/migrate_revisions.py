"""What leads from one schema to another, as revisions of a project's toolchain."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

from dbspecialist.facts.change import FileEdit, Phase
from dbspecialist.facts.comparison import comparable
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.revision_files import RevisionFiles
from dbspecialist.facts.schema_diff import Script
from dbspecialist.proofs.revisions_of_schemas import RUNNERS, Ends, prove_revisions, schema_of
from dbspecialist.proofs.schema_equality import compared
from dbspecialist.tasks.migrate import Ask, OpenedDiff, opened_diff
from dbspecialist.tasks.migrate_project import Wanted, project_of, write_new
from dbspecialist.tasks.migrate_replay import replayed
from dbspecialist.tasks.schema_road import Road
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.revisions import Place, new_revisions
from dbspecialist.twins.fitting import fit
from dbspecialist.twins.sides import open_sides
from dbspecialist.twins.variables import hidden_variables

HISTORY = "the project's history ends in the schema to start from"

_NAMED = re.compile(
    r"(?:CREATE|ALTER|DROP)\s+(?:OR\s+REPLACE\s+)?(?:UNIQUE\s+)?(?P<kind>(?:MATERIALIZED\s+)?[A-Z]+)\s+"
    r"(?:CONCURRENTLY\s+)?(?:ONLY\s+)?(?P<name>(?:\"[^\"]+\"|[\w.])+)(?P<rest>.*)",
    re.DOTALL,
)
_BODY = re.compile(r"CREATE (OR REPLACE )?(FUNCTION|PROCEDURE)")
_UNCHECKED = "SET LOCAL check_function_bodies = off"
_ON = re.compile(r"\bON\s+(?:ONLY\s+)?((?:\"[^\"]+\"|[\w.])+)")


@hidden_variables()
def diff_revisions(
    before: str | PathLike[str],
    after: str | PathLike[str],
    wanted: Wanted,
    *,
    renames: Mapping[str, str] | None = None,
    ask: Ask | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> RevisionFiles:
    """Write what leads from one PostgreSQL schema to another as revisions, and run them.

    Args:
        before: The schema at the end of the project's history, given as for `diff`.
        after: The schema that is wanted.
        wanted: Where the revisions are written.
        renames: New names by old ones.
        ask: Asked about each object that may have been renamed.
        tell: Called with each step, a clause.

    Raises:
        InputError: As `diff`, and where the toolchain cannot say the change or there are several
            projects or heads.
    """
    project = project_of(wanted)
    with opened_diff(before, after, renames or {}, ask, tell, bookkeeping=False) as found:
        tell("running the history from zero")
        ends = _history_ends(project, found, before)
        if ends.verdict == "refuted" and found.diff.up.statements:
            return RevisionFiles(project.name, proofs=(ends,), notes=found.diff.notes)
        made = revisions_of(project, found, wanted, tell)
        return replace(made, proofs=(ends, *made.proofs)) if made.proofs else made


def _history_ends(project: Project, found: OpenedDiff, before: str | PathLike[str]) -> Proof:
    """Say whether a project's history ends where its new revision is to begin."""
    if Path(before) in {project.root, project.root.resolve()}:
        return Proof(HISTORY, "proven", f"it was read from what {project.name} made")
    try:
        with open_sides() as server:  # roles of the schemas here have no rights of a stage's
            head = replayed(server, project, project.history(), (), with_models=False).head
    except InputError as error:
        return Proof(HISTORY, "unchecked", str(error))
    database = found.sides.of_catalogue(head)
    fit(found.sides, database, found.start)
    one, other = (schema_of(found.sides, name) for name in (database, found.start))
    named = found.named_not_null
    left = compared(*comparable(one, other, RUNNERS, named_not_null=named))
    if left:
        told = f"{left}; give the project's folder as FROM, or `dbs migrate drift` to adopt it"
        return Proof(HISTORY, "refuted", told)
    return Proof(HISTORY, "proven", f"run by {project.name} on a twin, from zero")


def revisions_of(
    project: Project,
    found: OpenedDiff,
    wanted: Wanted,
    tell: Callable[[str], None],
    *,
    said: Callable[[str], str] = lambda sql: sql,
    also: Callable[[Sequence[FileEdit]], tuple[Proof, ...]] = lambda _: (),
) -> RevisionFiles:
    """Write a way between two schemas as revisions; nothing is written where it is refuted.

    Args:
        project: Whose revisions they are.
        found: The way.
        wanted: How they are written.
        tell: Called with each step, a clause.
        said: What is written for a statement of the way there.
        also: What else is to be proven of the files.
    """
    diff = found.diff
    made = RevisionFiles(project.name, losses=diff.up.losses, notes=diff.notes)
    if not diff.up.statements:
        return made
    if not diff.up.proven:
        return replace(made, proofs=diff.up.proofs)
    phases = tuple(replace(item, up=tuple(map(said, item.up))) for item in phases_of(found))
    files = new_revisions(
        project, wanted.title or title_of(diff.up.statements), phases, Place(wanted.head)
    )
    tell(f"running the revisions with {project.name}")
    ends = Ends(found.sides, found.start, found.goal, found.named_not_null)
    proofs = prove_revisions(ends, project, files)
    made = replace(made, files=files, proofs=(*diff.up.proofs, *proofs, *also(files)))
    refuted = any(item.verdict == "refuted" for item in made.proofs)
    if wanted.write and not refuted:
        made = replace(made, written=write_new(project, files))
    return made


def phases_of(found: OpenedDiff) -> Iterator[Phase]:
    """Divide a way into transactions, as long as the engine takes them, with their ways back."""
    database = found.start
    rest = found.diff.up.statements
    while rest:
        work, count, head = _longest(found, database, rest)
        group, rest = rest[: count or 1], rest[count or 1 :]
        whole = database == found.start and not rest
        down = found.diff.down if whole else _back(found, work, database)
        yield Phase(title_of(group), (*head, *group), down.statements, transactional=count > 0)
        database = work


def _longest(
    found: OpenedDiff, start: str, statements: Sequence[str]
) -> tuple[str, int, tuple[str, ...]]:
    """Run as many statements as one transaction takes, or the first by itself.

    Returns:
        The database where they ran, how many there were (0 for one by itself), and what they need
        before them: a body may name what is made later.
    """
    work = found.sides.copy(start)
    count, _ = found.sides.run_together(work, statements)
    if any(_BODY.match(item) for item in statements[count : count + 1]):
        other = found.sides.copy(start)
        more, _ = found.sides.run_together(other, (_UNCHECKED, *statements))
        if more - 1 > count:
            return other, more - 1, (_UNCHECKED,)
    if not count:
        found.sides.run(work, statements[:1])
    return work, count, ()


def _back(found: OpenedDiff, start: str, goal: str) -> Script:
    """Lead back over one of several transactions."""
    return Road(found.sides, start, goal, lambda _: False, found.answers.reversed()).walk()


def title_of(statements: Sequence[str]) -> str:
    """Say in a title what statements are about: one object, or the relations that they name."""
    first = _NAMED.match(statements[0])
    if first is None:
        return "Change the schema"
    if len(statements) == 1:
        return _one(statements[0], first)
    found = (_NAMED.match(item) for item in statements)
    names = list(dict.fromkeys(_subject(item) for item in found if item))
    most = 3
    more = f" and {len(names) - most} more" if len(names) > most else ""
    verbs = {item.split(None, 1)[0].capitalize() for item in statements}
    verb = verbs.pop() if len(verbs) == 1 and len(names) == 1 else "Change"
    return f"{verb} {', '.join(names[:most])}{more}"


def _one(statement: str, found: re.Match[str]) -> str:
    added = re.match(
        r"\s+(ADD|DROP)\s+(COLUMN|CONSTRAINT)\s+(?:IF EXISTS\s+)?(\"[^\"]+\"|\w+)", found["rest"]
    )
    if found["kind"] == "TABLE" and added:
        way = "to" if added[1] == "ADD" else "from"
        name = added[3].strip('"')
        return f"{added[1].capitalize()} {added[2].lower()} {name} {way} {_plain(found['name'])}"
    verb = statement.split(None, 1)[0].capitalize()
    return f"{verb} {found['kind'].lower()} {_plain(found['name'])}"


def _subject(found: re.Match[str]) -> str:
    if found["kind"] in {"INDEX", "TRIGGER", "POLICY", "RULE"}:
        on = _ON.search(found["rest"])
        return _plain(on[1]) if on else _plain(found["name"])
    return _plain(found["name"])


def _plain(name: str) -> str:
    return name.removeprefix("public.").replace('"', "")
