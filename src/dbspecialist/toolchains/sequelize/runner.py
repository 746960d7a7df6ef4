"""Running Sequelize migrations by the project's own Sequelize."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbspecialist.toolchains.base import Target
from dbspecialist.toolchains.node.packages import package_version
from dbspecialist.toolchains.node.runner import NodeRunner
from dbspecialist.toolchains.sequelize.project import CORE

if TYPE_CHECKING:
    from dbspecialist.toolchains.sequelize.project import SequelizeProject

DRIVER = Path(__file__).with_name("driver.cjs")


class SequelizeRunner(NodeRunner):
    """Runs migrations as sequelize-cli does: no transaction but those that they open.

    `notes` says what runs them: Node.js, Sequelize, and what translates TypeScript.
    """

    def described(self, opened: dict[str, Any]) -> tuple[str, ...]:
        """Say which Node.js, which Sequelize and which translator run the migrations."""
        folder = self.package.installed(CORE) or self.package.installed("sequelize")
        version = package_version(folder) if folder else ""
        node, translator = super().described(opened)
        return (node, f"sequelize {version}".strip(), translator)


@contextlib.contextmanager
def open_runner(project: SequelizeProject, target: Target) -> Iterator[SequelizeRunner]:
    """Hand out a runner on the target; everything that it starts ends with the block."""
    runner = SequelizeRunner(DRIVER, project.root, project.package, target)
    try:
        runner.prepare()
        yield runner
    finally:
        runner.close()
