"""What a reader should know of a Flyway project, in sentences for the report."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dbspecialist.toolchains.flyway.callbacks import Callbacks
from dbspecialist.toolchains.flyway.scripts import FlywayScript
from dbspecialist.toolchains.walk import relative


def callbacks_told(callbacks: Callbacks, root: Path) -> tuple[str, ...]:
    """Say which callbacks run: what they do is told with the migrations that they surround."""
    return tuple(
        f"the callback {relative(path, root)} runs with the migrations, and is told with them"
        for path in sorted(callbacks)
    )


def lock_missing(alone: Iterable[FlywayScript]) -> tuple[str, ...]:
    """The sentence on Flyway's lock, where a script without a transaction builds an index."""
    statements = (item.sql.upper() for script in alone for item in script.statements)
    if not any("INDEX CONCURRENTLY" in sql for sql in statements):
        return ()
    return (
        "flyway.postgresql.transactional.lock is not false, which Flyway's manual asks for with"
        " CREATE INDEX CONCURRENTLY",
    )
