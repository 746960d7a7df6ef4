"""Sends what Alembic writes as SQL text (`alembic upgrade --sql`), for env.py that do no more.

A part of driver.py: runs in the project's interpreter (Python 3.8 and later).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import driver_connect as redirection  # type: ignore[import-not-found]


class NeverRunError(Exception):
    """An env.py that does not run revisions."""


def sending_text(work: Callable[[], None]) -> None:
    """Call a function while every statement that Alembic writes as text is sent to the target."""
    from alembic.ddl.impl import DefaultImpl

    def run(connection: Any) -> None:
        # The text has BEGIN and COMMIT itself, and its percent signs stand for themselves.
        session = connection.execution_options(isolation_level="AUTOCOMMIT", no_parameters=True)
        original = DefaultImpl.static_output

        def send(_impl: Any, text: str) -> None:
            if any(line.strip() and not line.startswith("--") for line in text.splitlines()):
                session.exec_driver_sql(text)

        DefaultImpl.static_output = send  # type: ignore[method-assign,assignment]
        try:
            work()
        finally:
            DefaultImpl.static_output = original  # type: ignore[method-assign]

    redirection.with_connection(run)


def keep_version_table(context: Any) -> None:
    """Have the version table made where it is not there: text knows of no tables."""
    from sqlalchemy.schema import CreateTable

    version = context._version
    version.create = lambda bind: bind.execute(CreateTable(version, if_not_exists=True))


def database_of(context: Any, named: dict[str, Any]) -> str:
    """What env.py calls the database that it runs revisions for, as far as that can be told."""
    given = [value for value in named.values() if isinstance(value, str)]
    there = context.get_context()
    schema = there.opts.get("version_table_schema")
    url = getattr(getattr(there.connection, "engine", None), "url", None)
    database = getattr(url, "database", None)  # text is written without an engine
    return str(given[0] if given else schema or database or "")


def several(databases: list[str]) -> str:
    """Say which of several databases was run."""
    first, others = databases[0], databases[1:]
    if not first or first in others or not all(others):
        return "env.py runs the revisions for several databases; the first was run"
    names = ", ".join(dict.fromkeys(others))
    return f"env.py runs the revisions for several databases; {first} was run, {names} not"
