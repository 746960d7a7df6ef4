"""Dialects: a script is split as the client of the engine splits it that it is written for."""

from __future__ import annotations

from pathlib import Path

from dbspecialist.engines.postgresql.script import Script, read_script

POSTGRESQL = "postgresql"


def read_dialect(text: str, path: Path, dialect: str = POSTGRESQL) -> Script:
    """Split a script as psql does, or as the clients of the other engines do.

    Raises:
        InputError: Where the script does not split.
    """
    if dialect == POSTGRESQL:
        return read_script(text, path)
    if dialect == "sqlite":
        from dbspecialist.engines.sqlite.script import split_script as split_sqlite

        return Script(split_sqlite(text, path))
    from dbspecialist.engines.mysql.script import split_script

    return Script(split_script(text, path))
