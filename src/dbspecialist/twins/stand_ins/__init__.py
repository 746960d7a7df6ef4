"""Stand-ins for extensions that a twin lacks or must not have.

A stand-in is a control file and a script in the folder `extension` beside this module; it is
found by being there. It has the extension's name, functions, signatures, volatility and
strictness, so that DDL that names them takes the effects it takes in production. What its
functions return is not what the extension's functions return.

Some extensions that are there get a control file that lets the twin's owner create them
(`trusted.txt`), since production's migrations run with more rights than a twin's.

The server finds them through `extension_control_path` (manual, 18, "Client Connection Defaults"),
so that `CREATE EXTENSION` in a migration works as well.
"""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

Connection = psycopg.Connection[tuple[Any, ...]]

_FOLDER = "stand_ins"


@cache
def stand_ins() -> frozenset[str]:
    """Return the names of the extensions that are stood in for."""
    folder = Path(__file__).with_name("extension")
    return frozenset(path.stem for path in folder.glob("*.control"))


def install_stand_ins(connection: Connection) -> None:
    """Make the stand-ins known to the connection's throwaway server, and to later sessions.

    The files are copied below the server's data directory, where its account can read them.
    The connection is a superuser's.
    """
    row = connection.execute(
        "SELECT current_setting('data_directory'), setting FROM pg_config WHERE name = 'SHAREDIR'"
    ).fetchone()
    assert row is not None
    folder = Path(row[0]) / _FOLDER
    if not folder.exists():
        _copy(folder, Path(row[1]) / "extension")
    path = f"{folder}:$system"
    for statement in ("SET", "ALTER ROLE ALL SET"):
        connection.execute(
            sql.SQL("{} extension_control_path = {}").format(sql.SQL(statement), sql.Literal(path))
        )


def _copy(folder: Path, originals: Path) -> None:
    source = Path(__file__).with_name("extension")
    target = folder / "extension"
    target.mkdir(parents=True)
    for path in source.iterdir():
        shutil.copyfile(path, target / path.name)
    for name in _trusted():
        original = originals / f"{name}.control"
        if original.exists():
            added = f"\ntrusted = true\ndirectory = '{originals}'\n"
            (target / original.name).write_text(original.read_text() + added)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def _trusted() -> list[str]:
    """Read the names in trusted.txt."""
    lines = Path(__file__).with_name("trusted.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]
