"""Replays: the catalogues around a migration that fails, which the walk does not come to.

What went through before the failure is sent once more, each statement by itself, to a database of
its own: the state that the failing statement met is then read, whatever its transaction undid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import psycopg

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.twins.stage import Connection, Stage
from dbspecialist.twins.stage_roles import OWNER

#: A statement that went through took less under observation; data comes with COPY apart from it.
_TIMEOUT = "SET statement_timeout = '20s'"
_UNSENT = frozenset({"COPY"})


def catalogues_around(
    stage: Stage,
    template: str,
    earlier: Iterable[StatementEffects],
    failing: Sequence[StatementEffects],
) -> tuple[Catalogue, Catalogue]:
    """Return the catalogues before a migration and before its statement that fails.

    Args:
        stage: Where to.
        template: The database that the run began with.
        earlier: What the migrations before it did.
        failing: What it did itself, up to the failure.
    """
    with stage.database(template) as database, stage.admin(database) as admin:
        with stage.cluster.connect(database, OWNER) as connection:
            connection.execute(_TIMEOUT)
            is_there = _send(connection, earlier)
            before = read_catalogue(admin)
            if not is_there or not _send(connection, failing):
                return before, before
        return before, read_catalogue(admin)


def _send(connection: Connection, statements: Iterable[StatementEffects]) -> bool:
    """Send statements up to the first that failed; tell whether the others went through again.

    A statement with parameters is no DDL (manual, "PREPARE") and leaves the catalogue as it is.
    """
    for item in statements:
        if item.error is not None or item.unchecked:
            return True
        if item.parameters or _UNSENT & {tag.split(" ")[0] for tag in item.tags}:
            continue
        try:
            connection.execute(item.sql.encode())
        except psycopg.Error:
            return False
    return True
