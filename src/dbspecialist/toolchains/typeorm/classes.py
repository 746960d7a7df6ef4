"""Migration classes as their files spell them, without running anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dbspecialist.toolchains.node.packages import SCRIPTS

_CLASS = re.compile(r"\bclass\s+(?P<name>[A-Za-z_$][\w$]*)(?P<heritage>[^{]*)\{", re.M)
_NAME = re.compile(
    r"^\s*(?:(?:public|readonly|static)\s+)*(?:this\.)?name\s*(?::[^=\n]+)?=\s*"
    r"(['\"`])(?P<name>[\w$-]+)\1",
    re.M,
)
_TRANSACTION = re.compile(
    r"^\s*(?:(?:public|readonly)\s+)*(?:this\.)?transaction\s*(?::[^=\n]+)?=\s*(true|false)", re.M
)
_UP = re.compile(r"\b(?:async\s+)?up\s*(?:\(|=)")
_DOWN = re.compile(r"\b(?:async\s+)?down\s*\([^)]*\)[^{]*\{(?P<body>\s*(?:(?://[^\n]*)?\s*)*\})?")
_TIMESTAMP = re.compile(r"\d{13}$")
_COMMENT = re.compile(r"/\*.*?\*/|^\s*//[^\n]*", re.S | re.M)


@dataclass(frozen=True, slots=True)
class MigrationClass:
    """One migration class.

    Args:
        name: Its `name` property, else the class's name: what TypeORM stores.
        path: The file.
        transaction: Its own `transaction` property, or nothing.
        reversible: Whether it has a `down` with a body; nothing where there is no `down`.
    """

    name: str
    path: Path
    transaction: bool | None
    reversible: bool | None

    @property
    def timestamp(self) -> int:
        """The number that TypeORM orders by: the last 13 characters of the name, 0 without."""
        found = _TIMESTAMP.search(self.name)
        return int(found.group()) if found else 0


def read_classes(path: Path) -> Iterator[MigrationClass]:
    """Yield the migration classes of one file."""
    if path.suffix not in SCRIPTS or path.name.endswith(".d.ts"):
        return
    text = path.read_text(encoding="utf-8", errors="replace")
    if "class" not in text or not _UP.search(text):
        return
    text = _COMMENT.sub(lambda found: "\n" * found.group().count("\n"), text)
    found = list(_CLASS.finditer(text))
    for at, match in enumerate(found):
        end = found[at + 1].start() if at + 1 < len(found) else len(text)
        body = text[match.end() : end]
        item = _read(match, body, path)
        if item is not None:
            yield item


def _read(match: re.Match[str], body: str, path: Path) -> MigrationClass | None:
    own = _NAME.search(body)
    name = own.group("name") if own else match.group("name")
    declared = "MigrationInterface" in match.group("heritage")
    if not _UP.search(body) or not (declared or _TIMESTAMP.search(name)):
        return None
    transaction = _TRANSACTION.search(body)
    down = _DOWN.search(body)
    return MigrationClass(
        name,
        path,
        transaction.group(1) == "true" if transaction else None,
        down is not None and down.group("body") is None,
    )
