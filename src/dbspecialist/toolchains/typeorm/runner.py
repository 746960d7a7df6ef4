"""Running TypeORM migrations: by the project's TypeORM, else through a query runner of ours."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from dbspecialist.toolchains.base import Target
from dbspecialist.toolchains.node.packages import package_version
from dbspecialist.toolchains.node.runner import NodeRunner
from dbspecialist.toolchains.typeorm.query import run_query

if TYPE_CHECKING:
    from dbspecialist.toolchains.typeorm.project import TypeormProject

DRIVER = Path(__file__).with_name("driver.cjs")


class TypeormRunner(NodeRunner):
    """Runs migrations in the project's transaction mode.

    `notes` says what runs them: Node.js, TypeORM, and what translates TypeScript.
    """

    def __init__(self, project: TypeormProject, target: Target) -> None:
        super().__init__(DRIVER, project.root, project.package, target)
        self.project = project
        self._session: psycopg.Connection[Any] | None = None

    def options(self) -> dict[str, Any]:
        """The transaction mode, and the extensions that TypeORM creates when it connects."""
        return {"mode": self.project.mode, "extensions": self.project.settings.extensions}

    def described(self, opened: dict[str, Any]) -> tuple[str, ...]:
        """Say which Node.js, which TypeORM and which translator run the migrations."""
        folder = None if opened["own"] else self.package.installed("typeorm")
        used = f"typeorm {package_version(folder)}" if folder else "a query runner of dbspecialist"
        node, translator = super().described(opened)
        return (node, used, translator)

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Run a query for the query runner of ours; all else as every driver is answered."""
        if "query" not in question:
            return super().answer(question)
        if self._session is None or self._session.closed:
            session = psycopg.connect(self.target.url, autocommit=True)
            self._session = self.stack.enter_context(session)
        return run_query(self._session, question["query"], question.get("parameters"))


@contextlib.contextmanager
def open_runner(project: TypeormProject, target: Target) -> Iterator[TypeormRunner]:
    """Hand out a runner on the target; everything that it starts ends with the block."""
    runner = TypeormRunner(project, target)
    try:
        runner.prepare()
        yield runner
    finally:
        runner.close()
