"""What a package's scripts, data sources and entities say of how TypeORM runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dbspecialist.toolchains.node.packages import NodePackage

Mode = Literal["all", "each", "none"]
_MODES: dict[str, Mode] = {"all": "all", "each": "each", "none": "none"}

_MODE = re.compile(
    r"migrationsTransactionMode\s*:\s*['\"`](all|each|none)['\"`]"
    r"|migration:run\b.*(?:-t|--transaction)[ =](all|each|none)\b"
)
_TABLE = re.compile(r"migrationsTableName\s*:\s*['\"`]([\w$.]+)['\"`]")
_WORDS = re.compile(
    r"migrationsT|migration:run|installExtensions|uuidExtension|@\w*Column|@Generated"
)

#: What TypeORM creates as an extension when it connects and an entity has such a column.
_UUID = re.compile(r"Generated\w*\(\s*['\"`]uuid|generated\s*:\s*['\"`]uuid")
_TYPE = re.compile(r"Column\(\s*(?:\{[^}]*?type\s*:\s*)?['\"`](citext|hstore|ltree|cube)['\"`]")


@dataclass(frozen=True, slots=True)
class Settings:
    """How a package runs TypeORM.

    Args:
        mode: The transaction mode that is stated, or nothing.
        table: The version table's name.
        extensions: Those that TypeORM creates when it connects (`installExtensions`).
    """

    mode: Mode | None = None
    table: str = "migrations"
    extensions: tuple[str, ...] = ()


def read_settings(package: NodePackage, files: list[Path]) -> Settings:
    """Read the settings from a package's scripts and from the text of its sources."""
    text = "\n".join([*package.scripts.values(), *_telling(files)])
    mode, table = _MODE.search(text), _TABLE.search(text)
    return Settings(
        mode=_MODES[mode.group(1) or mode.group(2)] if mode else None,
        table=table.group(1) if table else "migrations",
        extensions=tuple(_extensions(text)),
    )


def _telling(files: list[Path]) -> Iterator[str]:
    for path in files:
        text = path.read_text(encoding="utf-8", errors="replace")
        if _WORDS.search(text):
            yield text


def _extensions(text: str) -> Iterator[str]:
    if re.search(r"installExtensions\s*:\s*false", text):
        return
    if _UUID.search(text):
        yield "pgcrypto" if re.search(r"uuidExtension\s*:\s*['\"`]pgcrypto", text) else "uuid-ossp"
    yield from sorted({found.group(1) for found in _TYPE.finditer(text)})
