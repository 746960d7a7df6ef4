"""Expressions of migrations, evaluated by the engine on a copy of the twin's database."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import psycopg

from dbspecialist.twins.stage import Stage
from dbspecialist.twins.stage_roles import OWNER

Connection = psycopg.Connection[tuple[Any, ...]]


@contextlib.contextmanager
def evaluating(stage: Stage, template: str) -> Iterator[Callable[[], Connection]]:
    """Give a connection to a copy of a database, made when it is first asked for."""
    with contextlib.ExitStack() as stack:
        opened: list[Connection] = []

        def connect() -> Connection:
            if not opened:
                name = stack.enter_context(stage.database(template))
                # The expressions are a migration's: they run without a superuser's rights.
                connection = stack.enter_context(stage.cluster.connect(name, OWNER))
                connection.execute("SET search_path = ''")
                opened.append(connection)
            return opened[0]

        yield connect
