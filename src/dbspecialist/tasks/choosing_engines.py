"""Which engine is meant where nobody says `--engine`: by URLs and by what projects are set up for.

Files are looked at as text: no toolchain is imported for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

#: `mysql+pymysql://`, `jdbc:mariadb://`, but neither `postgresql://` nor a placeholder.
_SCHEME = re.compile(r"(?:jdbc:)?(mysql|mariadb|sqlite)(?:\+\w+)?:(?://|\w)")
_SETTINGS = (
    (("alembic.ini",), re.compile(r"^\s*sqlalchemy\.url\s*[=:]\s*(\S+)", re.MULTILINE)),
    (
        ("flyway.conf", "conf/flyway.conf", "flyway.properties"),
        re.compile(r"^\s*(?:flyway\.)?url\s*=\s*(\S+)", re.MULTILINE),
    ),
    (("flyway.toml",), re.compile(r"^\s*url\s*=\s*[\"']([^\"']+)", re.MULTILINE)),
)
_PROVIDER = re.compile(r"^\s*provider\s*=\s*\"(mysql|sqlite)\"", re.MULTILINE)
_PRISMA = ("migration_lock.toml", "migrations/migration_lock.toml")
_PRISMA_FOLDERS = ("", "prisma/")
#: How far above a folder of migrations its project's configuration may stand.
_LEVELS = 3


def engine_named(database: str | None, roots: Sequence[Path]) -> str:
    """Return `mysql`, `mariadb` or `sqlite` where a URL or a project's configuration says so.

    An alembic.ini that says `sqlite` says nothing: it is what projects leave there whose env.py
    connects to another engine. "" is for PostgreSQL and for what is not known.

    Args:
        database: A database's URL.
        roots: Projects, folders of migrations, or files.
    """
    if database:
        found = _SCHEME.match(database.strip())
        return found[1] if found else ""
    return next((name for root in roots if (name := _of_project(root))), "")


def _of_project(root: Path) -> str:
    for folder in _folders(root.absolute()):
        for names, setting in _SETTINGS:
            for text in _texts(folder, names):
                given = setting.search(text)
                found = _SCHEME.match(given[1].strip("\"'")) if given else None
                if found and not (found[1] == "sqlite" and "alembic.ini" in names):
                    return found[1]
        places = [f"{before}{name}" for before in _PRISMA_FOLDERS for name in _PRISMA]
        for text in _texts(folder, places):
            provider = _PROVIDER.search(text)
            if provider:
                return provider[1]
    return ""


def _folders(root: Path) -> Iterator[Path]:
    """Yield the folder itself and those above it, up to the repository's top."""
    folder = root if root.is_dir() else root.parent
    for place in (folder, *folder.parents)[: _LEVELS + 1]:
        yield place
        if (place / ".git").exists():
            return


def _texts(folder: Path, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        file = folder / name
        if file.is_file():
            yield file.read_text(errors="replace")
