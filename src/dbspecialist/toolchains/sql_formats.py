"""SQL migration files: the ways in which tools write up, down and transaction into them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from dbspecialist.engines.postgresql.script import ScriptStatement, foresee_script
from dbspecialist.engines.postgresql.tokens import line_at, script_text
from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.dialects import POSTGRESQL, read_dialect
from dbspecialist.toolchains.sending import Wrapping

_GOOSE = re.compile(r"^--[ \t]*\+goose[ \t]+(.+?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_DBMATE = re.compile(r"^--[ \t]*migrate:(up|down)\b(.*)$", re.MULTILINE)
_SQLX_ALONE = re.compile(r"\A--[ \t]*no-transaction\b")


@dataclass(frozen=True, slots=True)
class Section:
    """One direction of a migration: its statements and how its runner wraps them.

    `asks` is the file where what it sends depends on what its statements answer (psql's \\gset);
    the statements are those that do not.
    """

    statements: tuple[ScriptStatement, ...]
    wrapping: Wrapping
    notes: tuple[str, ...] = ()
    asks: Path | None = None

    @property
    def wraps(self) -> bool:
        """Whether the runner puts the statements into one transaction."""
        alone = self.wrapping == "implicit" and len(self.statements) == 1
        return self.wrapping != "each" and not alone


def read_sections(
    up: Path, down: Path | None, dialect: str = POSTGRESQL
) -> tuple[Section, Section | None]:
    """Read a migration's way up and, where it has one, its way back.

    Args:
        up: The file of the way up, which may hold both (goose, dbmate).
        down: The file of the way back, where it has one of its own.
        dialect: The engine whose client splits the files.

    Raises:
        InputError: When a file is not a script.
    """
    text = script_text(up)
    if _GOOSE.search(text):
        return _goose(text, up, dialect)
    if _DBMATE.search(text):
        return _dbmate(text, up, dialect)
    back = _section(script_text(down), down, dialect) if down else None
    if back is not None and _is_for_psql(up):  # whoever sends a file by psql takes it back so
        back = replace(back, wrapping="each")
    return _section(text, up, dialect), back


def _section(text: str, path: Path, dialect: str) -> Section:
    wrapping = _wrapping(text, path)
    if dialect == POSTGRESQL and _is_for_psql(path):
        script = foresee_script(text, path)
        return Section(script.statements, wrapping, script.notes, path if script.asks else None)
    script = read_dialect(text, path, dialect)
    return Section(script.statements, wrapping, script.notes)


def _is_for_psql(path: Path) -> bool:
    """Tell whether a file's name is not that of a tool that has no commands of psql."""
    return not path.name.endswith((".up.sql", ".down.sql")) and path.stem not in {"up", "down"}


def _wrapping(text: str, path: Path) -> Wrapping:
    """What the tool that the file's name belongs to wraps around it."""
    if path.name in {"up.sql", "down.sql"}:
        return "transaction" if _diesel_transaction(path.parent / "metadata.toml") else "each"
    if path.name.endswith((".up.sql", ".down.sql")) and not _SQLX_ALONE.match(text):
        return "implicit"
    return "each"


def _diesel_transaction(metadata: Path) -> bool:
    if not metadata.is_file():
        return True
    try:
        return bool(tomllib.loads(script_text(metadata)).get("run_in_transaction", True))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"it is not TOML: {error}", str(metadata), "mend it") from error


def _dbmate(text: str, path: Path, dialect: str) -> tuple[Section, Section | None]:
    """Sections of dbmate: `-- migrate:up transaction:false`."""
    marks = list(_DBMATE.finditer(text))
    found: dict[str, Section] = {}
    for mark, end in zip(marks, [*(item.start() for item in marks[1:]), len(text)], strict=True):
        script = _part(text, mark.end(), end, path, dialect)
        alone = "transaction:false" in mark[2].replace(" ", "")
        # The postgres driver gets the section as one message, in dbmate's own transaction or none.
        found[mark[1]] = Section(script, "implicit" if alone else "transaction")
    if "up" not in found:
        raise InputError("there is no `-- migrate:up`", str(path), "write one")
    return found["up"], found.get("down")


def _goose(text: str, path: Path, dialect: str) -> tuple[Section, Section | None]:
    """Sections of goose: Up, Down, StatementBegin, StatementEnd, NO TRANSACTION."""
    alone, way = False, ""
    found: dict[str, list[ScriptStatement]] = {}
    marks = list(_GOOSE.finditer(text))
    whole = False
    for mark, end in zip(marks, [*(item.start() for item in marks[1:]), len(text)], strict=True):
        word = mark[1].lower()
        alone = alone or word == "no transaction"
        way = word if word in {"up", "down"} else way
        whole = word == "statementbegin" or (whole and word != "statementend")
        if not way:
            continue
        statements = found.setdefault(way, [])
        if whole:
            statements.extend(_whole(text, mark.end(), end))
        else:
            statements.extend(_part(text, mark.end(), end, path, dialect))
    if "up" not in found:
        raise InputError("there is no `-- +goose Up`", str(path), "write one")
    wrapping: Wrapping = "each" if alone else "transaction"
    down = Section(tuple(found["down"]), wrapping) if "down" in found else None
    return Section(tuple(found["up"]), wrapping), down


def _whole(text: str, start: int, end: int) -> tuple[ScriptStatement, ...]:
    """What stands between StatementBegin and StatementEnd is sent as it is."""
    sql = text[start:end].strip()
    if not sql:
        return ()
    line = line_at(text, start + len(text[start:end]) - len(text[start:end].lstrip()))
    return (ScriptStatement(sql, line),)


def _part(text: str, start: int, end: int, path: Path, dialect: str) -> tuple[ScriptStatement, ...]:
    """Split a part of a file; lines count from the file's beginning."""
    before = line_at(text, start) - 1
    statements = read_dialect(text[start:end], path, dialect).statements
    return tuple(replace(item, line=item.line + before) for item in statements)
