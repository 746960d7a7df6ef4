"""psql's backslash commands, as far as a script's meaning depends on them.

The manual page of psql, "Meta-Commands", lists them all.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from dbspecialist.engines.postgresql.script import sending
from dbspecialist.engines.postgresql.script.arguments import Arguments, read_arguments
from dbspecialist.engines.postgresql.script.conditions import truth
from dbspecialist.engines.postgresql.script.copying import ClientCopy
from dbspecialist.engines.postgresql.tokens import line_at, script_text
from dbspecialist.facts.errors import InputError

if TYPE_CHECKING:
    from dbspecialist.engines.postgresql.script.reader import Reader

_NAME = re.compile(r"[;:.!?]|[^\s\\]+")

#: They change what is printed, not what is run.
_PRINTING = frozenset(
    {"?", "C", "H", "T", "a", "conninfo", "copyright", "echo", "encoding"}
    | {"errverbose", "f", "h", "help", "html", "o", "out", "p", "print", "pset", "qecho"}
    | {"restrict", "s", "sf", "sv", "t", "timing", "unrestrict", "w", "warn", "write", "x", "z"}
)
_DESCRIBING = re.compile(r"(d[A-Za-z]*|l|list)[S+x]*$")
_INCLUDING = frozenset({"i", "ir", "include", "include_relative"})
_CONDITIONS = frozenset({"if", "elif", "else", "endif"})
_WHY_NOT = {
    "connect": "it goes to another database",
    "c": "it goes to another database",
    "cd": "it changes what other commands read",
    "!": "it runs a program",
    "prompt": "it asks a person",
    "password": "it asks a person",
    "edit": "it opens an editor",
    "e": "it opens an editor",
    "getenv": "its value is known only where the script runs",
    "watch": "it repeats without end",
}


def run_command(reader: Reader, text: str, start: int, path: Path | None) -> int:
    """Run the command whose name begins at `start`; return where it ends.

    Raises:
        InputError: When the script's meaning depends on what is not run here.
    """
    found = _NAME.match(text, start)
    name = found[0] if found else ""
    behind = found.end() if found else start
    place = f"{path}:{line_at(text, start)}" if path else f"line {line_at(text, start)}"
    if name in _CONDITIONS:
        return _condition(reader, name, text, behind, place)
    if not reader.conditions.reads:
        return read_arguments(text, behind, None, place).end
    if name == ";":
        reader.append(";", line_at(text, start))
        return behind
    if name == "copy":
        return _copy(reader, text, behind, path, place)
    _refuse(name, place)
    arguments = read_arguments(text, behind, reader.variables, place)
    if name in sending.COMMANDS:
        sending.send(reader, name, arguments, path, place)
    else:
        _run(reader, name, arguments, path, place)
    return arguments.end


def _refuse(name: str, place: str) -> None:
    known = name in _PRINTING | _INCLUDING | sending.COMMANDS
    if known or name in {"set", "unset", "q", "quit", "r", "reset"} or _DESCRIBING.match(name):
        return
    why = _WHY_NOT.get(name, "it is not a command that is run here")
    raise InputError(f"\\{name} is not run: {why}", place, "take it out of the script")


def _run(reader: Reader, name: str, arguments: Arguments, path: Path | None, place: str) -> None:
    words = arguments.words
    if name == "set" and words:
        _set(reader, arguments, place)
    elif name == "unset" and words:
        reader.variables.unset(words[0])
    elif name in _INCLUDING:
        _include(reader, words, path, place)
    elif name in {"q", "quit"}:
        reader.stopped = True
    elif name in {"r", "reset"}:
        reader.reset()
    elif name not in {"echo", "restrict", "unrestrict"}:
        reader.notes.append(f"{place}: \\{name} was passed over")


def _condition(reader: Reader, name: str, text: str, behind: int, place: str) -> int:
    """Follow \\if, \\elif, \\else or \\endif."""
    conditions = reader.conditions
    judges = conditions.judges if name == "elif" else name == "if" and conditions.reads
    arguments = read_arguments(text, behind, reader.variables if judges else None, place)
    value = _judged(reader, arguments, name, place) if judges else name == "else"
    if name == "if":
        # Inside a branch that is not read, nothing is.
        conditions.begin(value if judges else None, place)
    elif name == "endif":
        conditions.end(place)
    else:
        conditions.otherwise(name, value, place)
    return arguments.end


def _judged(reader: Reader, arguments: Arguments, name: str, place: str) -> bool | None:
    """Return a condition's value; nothing where only the run tells."""
    if arguments.open:
        if not reader.foresees:
            raise InputError(
                f"\\{name} is not run: its condition is known only when the script runs",
                place,
                "take it out of the script",
            )
        return None
    said = " ".join(arguments.words)
    value = truth(said)
    if value is None:
        reader.notes.append(f'{place}: "{said}" is no Boolean, which psql takes for false')
    return bool(value)


def _set(reader: Reader, arguments: Arguments, place: str) -> None:
    name, value = arguments.words[0], "".join(arguments.words[1:])
    if name == "AUTOCOMMIT" and truth(value) is False:
        raise InputError("\\set AUTOCOMMIT off is not followed", place, "write BEGIN and COMMIT")
    reader.variables.set(name, value, is_open=arguments.open)


def _include(reader: Reader, words: tuple[str, ...], path: Path | None, place: str) -> None:
    """Read another file: `\\ir` from this file's folder, `\\i` from the first file's too."""
    if not words:
        raise InputError("\\i names no file", place, "name one")
    choices = [folder / words[0] for folder in _folders(reader, path)]
    found = next((item for item in choices if item.is_file()), None)
    if found is None:
        raise InputError(f"the included file {words[0]} is not there", place, "check the path")
    reader.include(script_text(found), found)


def _folders(reader: Reader, path: Path | None) -> list[Path]:
    return [*(item.parent for item in (path, reader.main) if item), Path()]


def _copy(reader: Reader, text: str, behind: int, path: Path | None, place: str) -> int:
    """Send the COPY of a \\copy, with the data of its file."""
    stop = text.find("\n", behind)
    stop = len(text) if stop < 0 else stop
    copy = ClientCopy(text[behind:stop], place)
    statement = sending.statement(reader, copy.sql, line_at(text, behind), path)
    if copy.is_inline:
        return reader.copied(statement, text, stop, str(path or ""))
    data = copy.data(_folders(reader, path), place) if copy.reads else None
    if not copy.reads and copy.source.lower() not in {"stdout", "pstdout"}:
        reader.notes.append(f"{place}: \\copy wrote nothing to {copy.source}")
    reader.deliver(sending.with_data(statement, data))
    return stop
