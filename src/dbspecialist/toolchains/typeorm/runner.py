"""Running TypeORM migrations: by the project's TypeORM, else through a query runner of ours."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import RawCursor

from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.base import Mark, MigrationFailed, Target
from dbspecialist.toolchains.node.packages import find_node, package_version
from dbspecialist.toolchains.node.process import (
    SECONDS,
    DriverGoneError,
    NodeProcess,
    TimedOutError,
    connection_of,
    failure,
    start_driver,
    translated,
)

if TYPE_CHECKING:
    from dbspecialist.toolchains.typeorm.project import TypeormProject

DRIVER = Path(__file__).with_name("driver.cjs")


@dataclass
class TypeormRunner:
    """Gives migrations to the driver and marks what it sends.

    `notes` says what runs them: Node.js, TypeORM, and what translates TypeScript.
    """

    project: TypeormProject
    target: Target
    driver: NodeProcess
    stack: contextlib.ExitStack
    seconds: float = SECONDS
    begun: str = ""
    notes: tuple[str, ...] = ()

    def upgrade(self, migrations: Sequence[Migration]) -> None:
        """Run the way up; with the mode `all` in one transaction."""
        wanted = [self._described(item) for item in migrations]
        self._call({"do": "up", "migrations": wanted, "mode": self.project.mode})

    def downgrade(self, migration: Migration) -> None:
        """Run the way back in a transaction, unless the mode is `none`."""
        wanted = [self._described(migration)]
        self._call({"do": "down", "migrations": wanted, "mode": self.project.mode})

    def open(self) -> None:
        """Have the driver load what the project has."""
        package = self.project.package
        twin = connection_of(self.target.url)
        wanted = {
            "folder": str(package.folder),
            "connection": twin,
            "extensions": self.project.settings.extensions,
        }
        opened = self._call({"do": "open", **wanted})
        folder = None if opened["own"] else package.installed("typeorm")
        used = f"typeorm {package_version(folder)}" if folder else "a query runner of dbspecialist"
        self.notes = (f"Node.js {opened['node']}", used, str(opened["translator"]))

    @cached_property
    def connection(self) -> psycopg.Connection[Any]:
        """The session of the query runner of ours, opened when it is first needed."""
        return self.stack.enter_context(psycopg.connect(self.target.url, autocommit=True))

    def _described(self, item: Migration) -> dict[str, str]:
        path = (self.project.root / item.path).resolve()
        return {"revision": item.revision, "path": str(path)}

    def _call(self, command: dict[str, Any]) -> dict[str, Any]:
        self.begun = ""
        try:
            message = self.driver.call(command, self._answer, self.seconds)
        except TimedOutError as error:
            reason = f"not at its end after {self.seconds:g} s"
            raise MigrationFailed(self.begun, reason, unchecked=True) from error
        except DriverGoneError as error:
            reason = f"node ended: {error}"
            raise MigrationFailed(self.begun, reason, unchecked=True) from error
        if "failed" in message:
            raise failure({**message["failed"], "revision": self.begun})
        return dict(message["done"])

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        if "begin" in question:
            self.begun = question["begin"]
            return {}
        if "mark" in question:
            self.target.mark(Mark(**question["mark"]))
            return {}
        if "translate" in question:
            return translated(question["translate"])
        return _query(self.connection, question["query"], question.get("parameters"))


def _query(
    connection: psycopg.Connection[Any], sql: str, parameters: Sequence[Any] | None
) -> dict[str, Any]:
    """Run one query for the driver's own query runner, with what TypeORM makes of results."""
    cursor = RawCursor(connection)
    try:
        cursor.execute(sql.encode(), parameters)
    except psycopg.Error as error:
        diagnosed = error.diag
        return {
            "error": {
                "code": error.sqlstate or "",
                "message": diagnosed.message_primary or str(error),
                "detail": diagnosed.message_detail or "",
            }
        }
    while cursor.nextset():
        pass  # TypeORM hands on the last result
    if cursor.description is None:
        return {"rows": [], "count": cursor.rowcount, "command": cursor.statusmessage or ""}
    names = [column.name for column in cursor.description]
    wide = {i for i, column in enumerate(cursor.description) if column.type_code == 20}
    rows = [
        {
            name: _value(value, i in wide)
            for i, (name, value) in enumerate(zip(names, row, strict=True))
        }
        for row in cursor.fetchall()
    ]
    return {"rows": rows, "count": cursor.rowcount, "command": cursor.statusmessage or ""}


def _value(value: Any, wide: bool) -> Any:
    """Return a value as pg gives it: bigint and numeric as text, times as dates."""
    if isinstance(value, datetime.datetime):
        return {"$date": value.isoformat()}
    if isinstance(value, list):
        return [_value(item, wide) for item in value]
    if isinstance(value, (bool, float, str, dict)) or value is None:
        return value
    if isinstance(value, int) and not wide:
        return value
    return str(value)


@contextlib.contextmanager
def open_runner(project: TypeormProject, target: Target) -> Iterator[TypeormRunner]:
    """Start the driver on the target; everything ends with the block.

    Raises:
        MigrationFailed: When there is no Node.js, or the driver cannot start (unchecked).
    """
    program = find_node()
    if program is None:
        raise MigrationFailed("", "node is not on PATH", unchecked=True)
    with contextlib.ExitStack() as stack:
        folder = project.package.folder
        driver = stack.enter_context(start_driver(program, DRIVER, folder, target.url))
        runner = TypeormRunner(project, target, driver, stack)
        runner.open()
        yield runner
