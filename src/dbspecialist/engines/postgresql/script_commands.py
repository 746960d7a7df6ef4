"""psql's backslash commands, as far as a script's meaning depends on them.

The manual page of psql, "Meta-Commands", lists them all.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from dbspecialist.engines.postgresql.tokens import line_at, script_text
from dbspecialist.facts.errors import InputError

if TYPE_CHECKING:
    from dbspecialist.engines.postgresql.script import Reader

_NAME = re.compile(r"[;:.!?]|[^\s\\]+")
_ARGUMENT = re.compile(r"\s*(?:'((?:[^'\\]|\\.|'')*)'|([^\s\\]+))")

#: They change what is printed, not what is run.
_PRINTING = frozenset(
    {"?", "C", "H", "T", "a", "conninfo", "copyright", "crosstabview", "echo", "encoding"}
    | {"errverbose", "f", "h", "help", "html", "o", "out", "p", "print", "pset", "qecho"}
    | {"restrict", "s", "sf", "sv", "t", "timing", "unrestrict", "w", "warn", "write", "x", "z"}
)
_DESCRIBING = re.compile(r"(d[A-Za-z]*|l|list)[S+x]*$")
_SENDING = frozenset({"g", "gx"})
_WHY_NOT = {
    "connect": "it goes to another database",
    "c": "it goes to another database",
    "copy": "it reads or writes a file of the client",
    "!": "it runs a program",
    "prompt": "it asks a person",
    "password": "it asks a person",
    "edit": "it opens an editor",
    "e": "it opens an editor",
    "gexec": "its statements are known only from rows",
    "gset": "its values are known only from rows",
    "watch": "it repeats without end",
    "if": "conditions of psql are not followed",
    "elif": "conditions of psql are not followed",
    "else": "conditions of psql are not followed",
    "endif": "conditions of psql are not followed",
}


def run_command(reader: Reader, text: str, start: int, path: Path | None) -> int:
    """Run the command whose name begins at `start`; return where it ends.

    Raises:
        InputError: When the script's meaning depends on what is not run here.
    """
    found = _NAME.match(text, start)
    name = found[0] if found else ""
    behind = found.end() if found else start
    if name == ";":
        reader.append(";", line_at(text, start))
        return behind
    stop = text.find("\n", behind)
    stop = len(text) if stop < 0 else stop
    # A second backslash begins the next command on the same line.
    separator = text.find("\\", behind, stop)
    if separator >= 0 and name not in {"i", "ir", "include", "include_relative", "set", "!"}:
        stop = separator + (2 if text.startswith("\\\\", separator) else 0)
    place = f"{path}:{line_at(text, start)}" if path else f"line {line_at(text, start)}"
    _run(reader, name, _arguments(text[behind:stop]), path, place)
    return stop


def _run(reader: Reader, name: str, arguments: list[str], path: Path | None, place: str) -> None:
    if name == "set" and arguments:
        _set(reader, arguments, place)
    elif name == "unset" and arguments:
        reader.variables.pop(arguments[0], None)
    elif name in {"i", "ir", "include", "include_relative"}:
        _include(reader, arguments, path, place)
    elif name in {"q", "quit"}:
        reader.stopped = True
    elif name in _SENDING and not arguments:
        reader.finish(path)
    elif name in {"r", "reset"}:
        reader.reset()
    elif name in _PRINTING or _DESCRIBING.match(name) or name == "set":
        if name not in {"echo", "restrict", "unrestrict"}:
            reader.notes.append(f"{place}: \\{name} was passed over")
    else:
        why = _WHY_NOT.get(name, "it is not a command that is run here")
        raise InputError(f"\\{name} is not run: {why}", place, "take it out of the script")


def _set(reader: Reader, arguments: list[str], place: str) -> None:
    name, value = arguments[0], "".join(arguments[1:])
    if name == "AUTOCOMMIT" and value.lower() in {"off", "0", "false", "no"}:
        raise InputError("\\set AUTOCOMMIT off is not followed", place, "write BEGIN and COMMIT")
    if value.startswith(":") and value[1:] in reader.variables:
        value = reader.variables[value[1:]]
    reader.variables[name] = value


def _include(reader: Reader, arguments: list[str], path: Path | None, place: str) -> None:
    """Read another file: `\\ir` from this file's folder, `\\i` from the first file's too."""
    if not arguments:
        raise InputError("\\i names no file", place, "name one")
    folders = [item.parent for item in (path, reader.main) if item] or [Path()]
    choices = [folder / arguments[0] for folder in folders] + [Path(arguments[0])]
    found = next((item for item in choices if item.is_file()), None)
    if found is None:
        raise InputError(f"the included file {arguments[0]} is not there", place, "check the path")
    reader.read(script_text(found), found)


def _arguments(text: str) -> list[str]:
    """Split a command's arguments at white space; quotes hold them together."""
    found = _ARGUMENT.finditer(text.rstrip())
    return [
        item[1].replace("''", "'").replace("\\n", "\n") if item[1] is not None else item[2]
        for item in found
    ]
