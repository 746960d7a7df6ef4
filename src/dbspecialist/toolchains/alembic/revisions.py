"""New Alembic revisions, named, headed and written as the one that they follow.

Alembic runs all pending revisions in one transaction unless `transaction_per_migration` is set
("context.configure", Alembic's API manual). A revision that follows another of the same change
therefore begins with an `autocommit_block()`, which commits what precedes it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.alembic.forms import bound, execute_lines
from dbspecialist.toolchains.alembic.operations import operation_lines
from dbspecialist.toolchains.alembic.project import AlembicProject
from dbspecialist.toolchains.alembic.revision_file import Revision
from dbspecialist.toolchains.alembic.revision_model import (
    RevisionModel,
    docstring_text,
    read_model,
)
from dbspecialist.toolchains.revisions import NewRevision, Place, slug
from dbspecialist.toolchains.sql_style import style_of
from dbspecialist.toolchains.walk import relative

_BLOCK = "    with op.get_context().autocommit_block():"
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Written:
    """A new revision with its identifiers.

    Args:
        item: What it does.
        revision: Its identifier.
        follows: Those that it follows: one, none for the first, several for a merge.
        at: When it was made.
    """

    item: NewRevision
    revision: str
    follows: tuple[str, ...]
    at: datetime


def new_revisions(
    project: AlembicProject, revisions: Sequence[NewRevision], place: Place
) -> tuple[FileEdit, ...]:
    """Return the files of new revisions that follow a head."""
    parent = _parent(project, place.head)
    model = read_model(parent.path if parent else None, _texts(project))
    folder = parent.path.parent if parent else project.config.versions[0]
    known = list(project.revisions.revisions)
    follows = parent.revision if parent else ""
    edits: list[FileEdit] = []
    for number, given in enumerate(revisions):
        up, down = in_style(project, given.up), in_style(project, given.down)
        item = replace(given, up=up, down=down)
        above = (follows,) if follows else ()
        made = Written(item, identifier(known, above, item), above, place.moment(number))
        path = folder / file_name(project, made)
        commits = project.env.transactional and not project.env.transaction_per_migration
        text = "\n".join(revision_lines(made, model, commits and not item.first)) + "\n"
        edits.append(FileEdit(relative(path, project.root), text))
        known.append(made.revision)
        follows = made.revision
    return tuple(edits)


def _parent(project: AlembicProject, head: str) -> Revision | None:
    """Return the revision to follow: the named head, the head of a named branch, the only one."""
    known, heads = project.revisions.revisions, project.heads
    where = relative(project.config.file, project.root)
    if head:
        labelled = {name for name, item in known.items() if head in item.labels}
        chosen = [name for name in heads if name == head or _descends(project, name, labelled)]
        if len(chosen) != 1:
            raise InputError(f"{head} is no head", where, f"give one of {', '.join(heads)}")
        return known[chosen[0]]
    if len(heads) > 1:
        todo = "give one with --head, or merge them"
        raise InputError(f"there are {len(heads)} heads: {', '.join(heads)}", where, todo)
    return known[heads[0]] if heads else None


def _descends(project: AlembicProject, head: str, labelled: set[str]) -> bool:
    return bool(labelled & project.revisions.ancestors([head]))


def _texts(project: AlembicProject) -> Iterator[str]:
    for item in project.revisions.revisions.values():
        if item.path.suffix == ".py":
            yield script_text(item.path)


def in_style(project: AlembicProject, statements: Sequence[str]) -> tuple[str, ...]:
    """Return statements as the project's revisions write them."""
    return style_of(_texts(project)).written(statements)


def identifier(known: Sequence[str], follows: Sequence[str], item: NewRevision) -> str:
    """Return an identifier: counted on where all are numbers, else 12 hexadecimal digits."""
    recent = known[-5:]
    if recent and all(_NUMBER.fullmatch(name) for name in recent):
        largest = max((name for name in known if _NUMBER.fullmatch(name)), key=int)
        return str(int(largest) + 1).zfill(len(largest))
    said = "\0".join((*follows, item.title, *item.up, "", *item.down))
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def file_name(project: AlembicProject, made: Written) -> str:
    """Return the name of a revision's file, by the configuration's template."""
    at = made.at
    values = {
        "rev": made.revision,
        "slug": slug(made.item.title, project.config.slug_length),
        "epoch": int(at.timestamp()),
        **{name: getattr(at, name) for name in ("year", "month", "day", "hour", "minute")},
        "second": at.second,
    }
    try:
        return project.config.file_template % values + ".py"
    except (KeyError, ValueError, TypeError) as error:
        where = relative(project.config.file, project.root)
        raise InputError(f"file_template cannot be filled in: {error}", where, "mend it") from error


def revision_lines(made: Written, model: RevisionModel, commits: bool) -> Iterator[str]:
    """Yield a revision's lines.

    Args:
        made: What it says.
        model: How it says it.
        commits: Whether what precedes it must be committed first.
    """
    item, told = made.item, model.operations
    up = body_lines(item.up, item.transactional, commits, told)
    down = body_lines(item.down, item.back_transactional, False, told)
    yield from _docstring(made, model)
    yield ""
    yield from model.imports(any("sa." in line for line in (*up, *down)))
    yield ""
    if model.comments:
        yield "# revision identifiers, used by Alembic."
    yield from _identifiers(made, model)
    returns = " -> None" if model.annotates else ""
    for name, body in (("upgrade", up), ("downgrade", down)):
        yield from ("", "", f"def {name}(){returns}:", *body)


def _docstring(made: Written, model: RevisionModel) -> Iterator[str]:
    told = {
        "Revision ID": made.revision,
        "Revises": ", ".join(made.follows),
        "Create Date": made.at.strftime("%Y-%m-%d %H:%M:%S.%f"),
    }
    lines = [docstring_text(made.item.title)]
    if made.item.when:
        lines += ["", *docstring_text(f"Runs when: {made.item.when}").splitlines()]
    if model.tells:
        lines += ["", *(f"{name}: {told[name]}" for name in model.tells)]
    if len(lines) == 1:
        yield f'"""{lines[0]}"""'
    else:
        yield from (f'"""{lines[0]}', *lines[1:], "", '"""')


def _identifiers(made: Written, model: RevisionModel) -> Iterator[str]:
    mark = model.quote
    above = [f"{mark}{name}{mark}" for name in made.follows]
    several = f"({', '.join(above)})" if len(above) > 1 else "".join(above)
    values = {"revision": f"{mark}{made.revision}{mark}", "down_revision": several or "None"}
    for name, annotation in model.names.items():
        stated = f"{name}: {annotation}" if annotation else name
        yield f"{stated} = {values.get(name, 'None')}"


def body_lines(
    statements: Sequence[str], transactional: bool, commits: bool, operations: bool = False
) -> list[str]:
    """Return the lines of a function.

    Args:
        statements: What it sends.
        transactional: Whether that is one transaction.
        commits: Whether what precedes must be committed first.
        operations: Whether Alembic's operations are written where they send the same.

    One statement that is committed by itself stands in the block; several that belong together
    stand behind an empty one, in the transaction that Alembic begins there.
    """
    if not statements:
        return ["    pass"]
    blocked = not transactional or (commits and len(statements) == 1)
    lines: list[str] = []
    if blocked:
        lines.append(_BLOCK)
    elif commits:
        lines += [_BLOCK, "        pass  # what precedes is committed here"]
    indent = " " * (8 if blocked else 4)
    for sql in statements:
        operation = operation_lines(sql, indent) if operations else None
        lines += operation or _execute(sql, indent)
    return lines


def _execute(sql: str, indent: str) -> list[str]:
    """Return the lines of a call; a statement of several lines keeps them."""
    if "\n" not in sql:
        return execute_lines(sql, indent)
    text = bound(sql).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    if text.endswith('"'):
        text = text[:-1] + '\\"'
    return [f"{indent}op.execute(", f'{indent}    """{text}"""', f"{indent})"]
