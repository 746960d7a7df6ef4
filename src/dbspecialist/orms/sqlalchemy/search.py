"""The Python files that may hold models of SQLAlchemy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dbspecialist.toolchains.walk import folders

#: A file in which one of these stands can hold models, or columns of mixins.
_SIGNS = re.compile(r"__tablename__|\bTable\(|table\s*=\s*True|mapped_column\(|\bColumn\(")
_TABLES = re.compile(r"__tablename__|\bTable\(|table\s*=\s*True")
#: Alembic's revisions speak of tables too, of earlier ones.
_REVISION = re.compile(r"^(down_)?revision\b.*=", re.MULTILINE)


def python_files(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield a repository's Python files with their texts."""
    for folder in folders(root):
        try:
            found = sorted(item for item in folder.iterdir() if item.suffix == ".py")
        except PermissionError:
            continue
        for path in found:
            text = _read(path)
            if text is not None:
                yield path, text


def is_candidate(text: str) -> bool:
    """Whether a text can hold models or their mixins."""
    return bool(_SIGNS.search(text)) and not is_revision(text)


def is_revision(text: str) -> bool:
    """Whether a text is a revision of Alembic."""
    return bool(_REVISION.search(text))


def has_models(root: Path) -> bool:
    """Whether a repository's files state tables of SQLAlchemy."""
    return any(
        _TABLES.search(text) and is_candidate(text) and _is_orms(text)
        for _, text in python_files(root)
    )


def _is_orms(text: str) -> bool:
    """Whether a table is SQLAlchemy's: others have a `Table(` too."""
    return any(sign in text for sign in ("sqlalchemy", "sqlmodel", "__tablename__"))


def _read(path: Path) -> str | None:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return None
