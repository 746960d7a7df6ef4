"""New SQL files, named, paired and marked as the newest of the folder.

Where no file of the folder has a way back of its own, it is written as a comment: a runner that
sends every file would send it as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.dialects import POSTGRESQL
from dbspecialist.toolchains.numbering import next_number
from dbspecialist.toolchains.revisions import NewRevision, Place, comment, one_by_one, slug
from dbspecialist.toolchains.sql_files import SqlFiles
from dbspecialist.toolchains.sql_files_writing import tool_of
from dbspecialist.toolchains.sql_style import style_of
from dbspecialist.toolchains.walk import relative

_NAME = re.compile(
    r"(?P<before>[Vv]?)(?P<number>\d{4}-\d\d-\d\d-\d{6}|\d+(?:\.\d+)*)(?P<mark>__|[_.\s-]|$)(?P<title>.*)"
)

_NOTHING = "-- No statement takes this back.\n"

#: Tools that send a file without a transaction as one message.
ONE_MESSAGE = frozenset({"pairs", "dbmate", "folders"})


def new_revisions(
    project: SqlFiles, revisions: Sequence[NewRevision], place: Place
) -> tuple[FileEdit, ...]:
    """Return the files of new revisions behind the last of the folder."""
    where = relative(project.folder, project.root)
    if place.head:
        raise InputError("SQL files have no heads", where, "leave --head out")
    history = project.history()
    if project.folder.is_file() or not history:
        raise InputError("one file is no history", where, "give the folder of the migrations")
    model = project.root / history[-1].path
    tool = tool_of(script_text(model), model)
    if project.single_transaction and not all(item.transactional for item in revisions):
        todo = "run the file without --single-transaction"
        raise InputError("a step runs outside a transaction", where, todo)
    wanted = one_by_one(revisions, where) if tool in ONE_MESSAGE else tuple(revisions)
    wanted = tuple(
        replace(item, up=in_style(project, item.up), down=in_style(project, item.down))
        for item in wanted
    )
    names = list(_names(history[-1].revision, where, wanted, place))
    return tuple(
        FileEdit(relative(path, project.root), text)
        for name, item in zip(names, wanted, strict=True)
        for path, text in files_of(project, model, name, item, tool)
    )


def in_style(project: SqlFiles, statements: Sequence[str]) -> tuple[str, ...]:
    """Return statements as the folder's files write them."""
    if project.dialect != POSTGRESQL:
        return tuple(statements)
    paths = [project.root / item.path for item in project.history()]
    return style_of(map(script_text, paths)).written(statements)


def _names(last: str, where: str, revisions: Sequence[NewRevision], place: Place) -> Iterator[str]:
    """Yield names that follow the last one, numbered and written as it is."""
    found = _NAME.fullmatch(last)
    if found is None:
        todo = "name the files by number or time, or write them by hand"
        raise InputError(f"{last} has no number to count on from", where, todo)
    number, mark = found["number"], found["mark"] or "_"
    words = "-" if "-" in found["title"] and "_" not in found["title"] else "_"
    for step, item in enumerate(revisions):
        number = next_number(number, place.moment(step))
        yield f"{found['before']}{number}{mark}{slug(item.title, mark=words)}"


def files_of(
    project: SqlFiles, model: Path, name: str, item: NewRevision, tool: str
) -> Iterator[tuple[Path, str]]:
    """Yield the files of one revision with their texts."""
    head = "".join(f"{line}\n" for line in _head(item))
    up, down = script(item.up), script(item.down)
    if tool == "folders":
        folder = model.parent.with_name(name)
        yield folder / "up.sql", head + up
        yield folder / "down.sql", down
        if not item.transactional:
            yield folder / "metadata.toml", "run_in_transaction = false\n"
    elif tool == "pairs":
        for way, text, alone in (
            ("up", head + up, not item.transactional),
            ("down", down, not item.back_transactional),
        ):
            mark = "-- no-transaction\n" if alone else ""
            yield model.with_name(f"{name}.{way}.sql"), mark + text
    elif tool in {"goose", "dbmate"}:
        yield model.with_name(f"{name}.sql"), head + _marked(item, tool)
    else:
        yield from _of_psql(project, model, name, item)


def _head(item: NewRevision) -> Iterator[str]:
    yield from comment(item.title, "--")
    if item.when:
        yield from comment(f"Runs when: {item.when}", "--")


def script(statements: Sequence[str], *, begins: bool = False) -> str:
    """Return statements as a script.

    Args:
        statements: The statements.
        begins: Whether several are put between BEGIN and COMMIT.
    """
    if not statements:
        return _NOTHING
    wraps = begins and len(statements) > 1
    around = (
        ("begin", "commit") if statements[0].split(None, 1)[0].islower() else ("BEGIN", "COMMIT")
    )
    lines = (around[0], *statements, around[1]) if wraps else statements
    return "".join(f"{_closed(sql)}\n" for sql in lines)


def _closed(sql: str) -> str:
    return sql + ("\n;" if "--" in sql.rpartition("\n")[2] else ";")


def _marked(item: NewRevision, tool: str) -> str:
    """Return a file that holds both ways, with the marks of its tool."""
    if tool == "dbmate":
        alone = ("", " transaction:false")
        return (
            f"-- migrate:up{alone[not item.transactional]}\n{script(item.up)}\n"
            f"-- migrate:down{alone[not item.back_transactional]}\n{script(item.down)}"
        )
    wraps = item.transactional and item.back_transactional
    return (
        f"{'' if wraps else '-- +goose NO TRANSACTION' + chr(10)}"
        f"-- +goose Up\n{goose_lines(item.up)}\n-- +goose Down\n{goose_lines(item.down)}"
    )


def goose_lines(statements: Sequence[str]) -> str:
    """Return statements as goose splits them: at each semicolon, if not marked as one."""
    if not statements:
        return _NOTHING
    return "".join(
        f"-- +goose StatementBegin\n{_closed(sql)}\n-- +goose StatementEnd\n"
        if ";" in sql
        else f"{_closed(sql)}\n"
        for sql in statements
    )


def _of_psql(
    project: SqlFiles, model: Path, name: str, item: NewRevision
) -> Iterator[tuple[Path, str]]:
    begins = not project.single_transaction
    head = "".join(f"{line}\n" for line in _head(item))
    up = head + script(item.up, begins=begins and item.transactional)
    down = script(item.down, begins=begins and item.back_transactional)
    back = back_path(project, model, name)
    if back is None and item.down:
        up += "\n" + "".join(f"{line}\n" for line in comment(f"The way back:\n{down}", "--"))
    own = next(one.revision for one in project.history() if project.root / one.path == model)
    yield _named(model, own, name), up
    if back is not None:
        yield back, down


def _named(model: Path, revision: str, name: str) -> Path:
    """Return a file's path beside the model's, with what stands behind its revision's name."""
    return model.with_name(name + model.name[len(revision) :])


def back_path(project: SqlFiles, model: Path, name: str) -> Path | None:
    """Return the file of a way back, named as the newest there is; nothing where none is.

    Args:
        project: The folder.
        model: A file of the folder that the new one lies beside.
        name: The revision's name.
    """
    for migration in reversed(project.history()):
        up, down = project.pair(migration.revision)
        if down is None:
            continue
        if down.parent != up.parent:
            return down.with_name(_named(model, migration.revision, name).name)
        if down.name.startswith(migration.revision):
            return model.with_name(name + down.name[len(migration.revision) :])
        return model.with_name(f"U{name[1:]}.sql")
    return None
