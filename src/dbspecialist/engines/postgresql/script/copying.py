"""psql's \\copy: a COPY whose data is a file of the client.

The manual page of psql, "Meta-Commands", on \\copy.
"""

from __future__ import annotations

import re
from pathlib import Path

from dbspecialist.engines.postgresql.tokens import tokens
from dbspecialist.facts.errors import InputError

#: A larger file is not sent: it would be read into memory.
LARGEST = 64 * 2**20
_SOURCE = re.compile(r"\s*(program\s+)?('(?:[^']|'')*'|\S+)", re.IGNORECASE)


class ClientCopy:
    """A \\copy: the statement that psql sends for it, and where its data comes from or goes.

    Args:
        text: The command's arguments, the whole line.
        place: For the error.

    Raises:
        InputError: Where it names no file.
    """

    def __init__(self, text: str, place: str) -> None:
        depth = 0
        for token in tokens(text, place):
            word = text[token.start : token.end].lower()
            depth += {"(": 1, ")": -1}.get(word, 0)
            if token.kind == "word" and not depth and word in {"from", "to"}:
                break
        else:
            raise InputError("\\copy names no file", place, "write FROM or TO and a file")
        source = _SOURCE.match(text, token.end)
        if source is None:
            raise InputError("\\copy names no file", place, "write one behind FROM or TO")
        self.reads = word == "from"
        self.source = source[2] if source[1] is None else f"program {source[2]}"
        rest = text[source.end() :].rstrip().rstrip(";")
        way = "FROM STDIN" if self.reads else "TO STDOUT"
        self.sql = f"COPY {text[: token.start].strip()} {way}{rest}"

    @property
    def is_inline(self) -> bool:
        """Whether the lines of data follow in the script."""
        return self.reads and self.source.lower() == "stdin"

    def data(self, folders: list[Path], place: str) -> str:
        """Return what is sent: the lines of the file.

        Raises:
            InputError: Where it is the output of a program, or a file that is not there, lies
                elsewhere, is larger than 64 MiB or no text.
        """
        if self.source.startswith("program "):
            raise InputError(
                "\\copy … from program is not run: it runs a program", place, "name a file"
            )
        name = self.source.strip("'").replace("''", "'")
        found = next((item / name for item in folders if (item / name).is_file()), None)
        if found is None:
            raise InputError(f"the file {name} of \\copy is not there", place, "check the path")
        if not any(found.resolve().is_relative_to(item.resolve()) for item in folders):
            raise InputError(
                f"the file {name} of \\copy lies outside of the script's folder", place, "move it"
            )
        size = found.stat().st_size
        if size > LARGEST:
            raise InputError(
                f"the file {name} of \\copy has {size:,} bytes, and {LARGEST:,} are read at most",
                place,
                "copy a part of it",
            )
        return _text(found, place)


def _text(path: Path, place: str) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        what = f"the file {path.name} of \\copy is not UTF-8 from byte {error.start} on"
        raise InputError(what, place, "save it as UTF-8") from error
