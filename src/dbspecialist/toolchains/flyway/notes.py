"""What a Flyway project has that is not run here, in sentences for the report."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from dbspecialist.toolchains.flyway.config import FlywayConfig
from dbspecialist.toolchains.flyway.scripts import FlywayScript
from dbspecialist.toolchains.walk import folders, relative

#: Flyway takes a class for a migration by its name; one underscore is enough for people.
_PROGRAM = re.compile(r"^[VR]\d[\d_]*_\w+\.(java|kt|groovy|scala)$|^R__\w+\.(java|kt)$")


def not_run(config: FlywayConfig, root: Path) -> tuple[str, ...]:
    """Migrations that are programs, wherever they lie, and callbacks in the locations."""
    places = (path for folder in folders(root, deepest=12) for path in folder.iterdir())
    programs = [path for path in places if _PROGRAM.match(path.name) and "test" not in path.parts]
    callbacks = (
        path
        for location in config.locations
        for path in location.rglob("*.sql")
        if path.name.startswith(("before", "after"))
    )
    return (
        *(
            f"{path.stem} is a program and was not run: {relative(path, root)}"
            for path in sorted(programs)
        ),
        *(f"the callback {relative(path, root)} was not run" for path in sorted(callbacks)),
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
