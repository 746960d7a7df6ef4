"""The way back of an SQL file: a file beside it, or its section with the mark of its tool."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.sql_files import SqlFiles
from dbspecialist.toolchains.sql_files_revisions import back_path, goose_lines, in_style, script
from dbspecialist.toolchains.sql_files_writing import tool_of
from dbspecialist.toolchains.sql_places import Source, read_source
from dbspecialist.toolchains.walk import relative

_SECTIONS = {
    "goose": re.compile(r"^--[ \t]*\+goose[ \t]+down\b.*\n?", re.MULTILINE | re.IGNORECASE),
    "dbmate": re.compile(r"^--[ \t]*migrate:down\b.*\n?", re.MULTILINE),
}
_MARKS = {"goose": "-- +goose Down", "dbmate": "-- migrate:down"}


def with_way_back(
    project: SqlFiles, migration: Migration, statements: Sequence[str]
) -> tuple[FileEdit, ...]:
    """Return the file of the way back, or the file that holds both with another section."""
    path = project.root / migration.path
    source = _source(path, project)
    tool = tool_of(source.text, path)
    written = in_style(project, statements)
    if tool in _SECTIONS:
        text = _with_section(source.text, tool, written)
        before = path.read_bytes().decode("utf-8")
        return (FileEdit(migration.path, source.written(text), before),)
    back = _back(project, migration, path, tool)
    if back.is_file():
        _source(back, project)
    begins = tool == "psql" and not project.single_transaction
    text = script(written, begins=begins)
    before = back.read_bytes().decode("utf-8") if back.is_file() else ""
    return (FileEdit(relative(back, project.root), source.written(text), before),)


def _source(path: Path, project: SqlFiles) -> Source:
    source = read_source(path)
    if source is None:
        raise InputError(
            "it is not UTF-8, or its line ends are of both kinds",
            relative(path, project.root),
            "save it as UTF-8 with line ends of one kind",
        )
    return source


def _with_section(text: str, tool: str, statements: Sequence[str]) -> str:
    found = _SECTIONS[tool].search(text)
    body = goose_lines(statements) if tool == "goose" else script(statements)
    if found is None:
        return f"{text.rstrip()}\n\n{_MARKS[tool]}\n{body}"
    head = text[: found.end()]
    return f"{head if head.endswith(chr(10)) else head + chr(10)}{body}"


def _back(project: SqlFiles, migration: Migration, path: Path, tool: str) -> Path:
    _, known = project.pair(migration.revision)
    if known is not None:
        return known
    if tool == "folders":
        return path.with_name("down.sql")
    if tool == "pairs":
        return path.with_name(f"{migration.revision}.down.sql")
    found = back_path(project, path, migration.revision)
    if found is None:
        todo = "run what `--format json` prints, or name one file of a way back"
        raise InputError("no file of the folder has a way back", migration.path, todo)
    return found
