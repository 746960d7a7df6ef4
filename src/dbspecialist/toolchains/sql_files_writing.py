"""Writing fixes into SQL files, with the marks of the tool that they are of.

psql and goose's NO TRANSACTION send statements one by one, so that the phases stand in place of
the statement. Where a tool wraps the file in a transaction, the phases go into files of their own
that follow it; its way back stays with the first file, which is taken back last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.trial import Trial
from dbspecialist.toolchains.sql_files import SqlFiles
from dbspecialist.toolchains.sql_parts import Part, in_place, parted
from dbspecialist.toolchains.sql_places import Source, places, read_source
from dbspecialist.toolchains.walk import natural, relative
from dbspecialist.toolchains.writing import Replacements

_GOOSE_UP = re.compile(r"^--[ \t]*\+goose[ \t]+up\b.*$", re.MULTILINE | re.IGNORECASE)
_GOOSE_DOWN = re.compile(r"^--[ \t]*\+goose[ \t]+down\b", re.MULTILINE | re.IGNORECASE)
_GOOSE_BLOCK = re.compile(r"^--[ \t]*\+goose[ \t]+statement(begin|end)\b", re.M | re.I)
_DBMATE_UP = re.compile(r"^--[ \t]*migrate:up\b.*$", re.MULTILINE)
_DBMATE_DOWN = re.compile(r"^--[ \t]*migrate:down\b", re.MULTILINE)
_NUMBERED = re.compile(r"([Vv]?(?:\d+-)*)(\d+)(\D.*)?")
_NO_WAY_BACK = "-- The way back is that of {}.\n"


def rewritten(project: SqlFiles, trial: Trial, replacements: Replacements) -> tuple[FileEdit, ...]:
    """Return the file with the phases in it, or parted into files that follow one another."""
    path = project.root / trial.migration.path
    source = read_source(path)
    section, _ = project.sections(trial.migration.revision)
    found = source and places(source.text, section.statements, trial, replacements)
    if not source or not found:
        return ()
    if section.wrapping == "each":
        text = in_place(source.text, found)
        return () if text is None else (FileEdit(trial.migration.path, source.written(text)),)
    tool = tool_of(source.text, path)
    region = _region(source.text, tool)
    if tool == "goose" and _in_block(source.text, [item.start for item in found if item.phases]):
        return ()
    parts = parted(source.text, region, found, together=tool == "goose")
    if tool == "psql" and not all(item.transactional for item in parts):
        return ()
    names = list(_names(project, trial.migration.revision, len(parts)))
    if len(names) < len(parts):
        return ()
    first = _first(source, region, parts[0], tool)
    edits = [FileEdit(trial.migration.path, source.written(first))]
    for file, text in _settings(path, parts[0], tool):
        edits.append(FileEdit(relative(file, project.root), text))
    for name, part in zip(names[1:], parts[1:], strict=True):
        for file, text in _following(path, name, part, tool):
            edits.append(FileEdit(relative(file, project.root), source.written(text)))
    return tuple(edits)


def tool_of(text: str, path: Path) -> str:
    """Return the tool that a file is of: goose, dbmate, folders (diesel), pairs or psql."""
    if _GOOSE_UP.search(text):
        return "goose"
    if _DBMATE_UP.search(text):
        return "dbmate"
    if path.name == "up.sql":
        return "folders"
    return "pairs" if path.name.endswith(".up.sql") else "psql"


def _region(text: str, tool: str) -> tuple[int, int]:
    """Return where the way up begins and ends."""
    marks = {"goose": (_GOOSE_UP, _GOOSE_DOWN), "dbmate": (_DBMATE_UP, _DBMATE_DOWN)}.get(tool)
    if marks is None:
        return 0, len(text)
    up, down = (mark.search(text) for mark in marks)
    assert up is not None
    return up.end() + 1, down.start() if down and down.start() > up.end() else len(text)


def _in_block(text: str, starts: Sequence[int]) -> bool:
    """Tell whether a place stands between goose's StatementBegin and StatementEnd."""
    for start in starts:
        marks = list(_GOOSE_BLOCK.finditer(text, 0, start))
        if marks and marks[-1][1].lower() == "begin":
            return True
    return False


def _first(source: Source, region: tuple[int, int], part: Part, tool: str) -> str:
    """Return the text of the original file, which keeps its first part and its way back."""
    head, tail = source.text[: region[0]], source.text[region[1] :]
    body = part.text.rstrip("\n") + "\n\n" if tail else part.text.rstrip("\n") + "\n"
    if not part.transactional:
        if tool == "goose":
            head = _GOOSE_UP.sub(lambda mark: f"-- +goose NO TRANSACTION\n{mark[0]}", head, count=1)
        elif tool == "dbmate":
            head = _DBMATE_UP.sub("-- migrate:up transaction:false", head, count=1)
        elif tool == "pairs":
            head = "-- no-transaction\n" + head
    return head + body + tail


def _following(path: Path, name: str, part: Part, tool: str) -> Iterator[tuple[Path, str]]:
    """Yield the files of a part that follows the original, with their texts."""
    body = part.text.strip("\n") + "\n"
    back = _NO_WAY_BACK.format(path.parent.name if tool == "folders" else path.name)
    if tool == "folders":
        folder = path.parent.with_name(name)
        yield folder / "up.sql", body
        if path.with_name("down.sql").is_file():
            yield folder / "down.sql", back
        yield from _settings(folder / "up.sql", part, tool)
    elif tool == "pairs":
        mark = "" if part.transactional else "-- no-transaction\n"
        yield path.with_name(f"{name}.up.sql"), mark + body
        if path.with_name(path.name.removesuffix(".up.sql") + ".down.sql").is_file():
            yield path.with_name(f"{name}.down.sql"), back
    else:
        yield path.with_name(f"{name}.sql"), _marked(body, back, part, tool)


def _marked(body: str, back: str, part: Part, tool: str) -> str:
    """Return a file that holds both ways, with the marks of its tool."""
    if tool == "goose":
        mark = "" if part.transactional else "-- +goose NO TRANSACTION\n"
        return f"{mark}-- +goose Up\n{body}\n-- +goose Down\n{back}"
    if tool == "dbmate":
        mark = "" if part.transactional else " transaction:false"
        return f"-- migrate:up{mark}\n{body}\n-- migrate:down\n{back}"
    return body


def _settings(path: Path, part: Part, tool: str) -> Iterator[tuple[Path, str]]:
    """Yield diesel's metadata.toml of a folder that has no transaction."""
    if tool == "folders" and not part.transactional:
        yield path.with_name("metadata.toml"), "run_in_transaction = false\n"


def _names(project: SqlFiles, revision: str, count: int) -> Iterator[str]:
    """Yield the names of the parts: the revision's own, then numbers that no other has.

    Fewer are yielded where a number is taken or would not sort before the next revision.
    """
    yield revision
    known = [item.revision for item in project.history()]
    follows = known[known.index(revision) + 1 :][:1]
    numbered = _NUMBERED.fullmatch(revision)
    if numbered is None:
        return
    before, number, title = numbered[1], numbered[2], numbered[3] or ""
    taken = {found[1] + found[2] for name in known if (found := _NUMBERED.fullmatch(name))}
    for step in range(1, count):
        following = before + str(int(number) + step).zfill(len(number))
        name = f"{following}{title}_{step + 1}"
        if following in taken or any(natural(name) > natural(other) for other in follows):
            return
        yield name
