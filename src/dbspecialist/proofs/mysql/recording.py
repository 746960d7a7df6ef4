"""What Alembic's revisions send to MySQL and MariaDB, recorded from the project's own env.py.

The record is made on the throwaway server, in a database without rows; the statements are then sent
one by one under watch, each ALTER with every algorithm and lock.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from dbspecialist.engines.mysql.driver import execute
from dbspecialist.engines.mysql.names import quoted
from dbspecialist.engines.mysql.tags import tag_of
from dbspecialist.engines.postgresql.script import ScriptStatement
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.proofs.scripts import Script
from dbspecialist.toolchains.alembic.interpreter import interpreters
from dbspecialist.toolchains.alembic.project import AlembicProject
from dbspecialist.twins.confinement import confined
from dbspecialist.twins.mysql.load import OWNER
from dbspecialist.twins.mysql.stage import Stage
from dbspecialist.twins.processes import end_program, marked

#: How long all revisions may take, at least and for each.
SECONDS, SECONDS_EACH = 60.0, 2.0
_DRIVER = Path(__file__).with_name("alembic_driver.py")
#: Statements that read alone: reflection's, which change nothing when they are left away.
_READS = frozenset({"SELECT", "SHOW", "DESCRIBE", "DESC", "EXPLAIN"})


def record_scripts(
    stage: Stage,
    project: AlembicProject,
    before: Sequence[Migration],
    pending: Sequence[Migration],
) -> tuple[tuple[Script, ...], tuple[Script, ...]]:
    """Run revisions one after the other and return what each sends, the pending ones both ways.

    Raises:
        InputError: Where the project's environment cannot be run, or is another engine's.
    """
    found = _Recording(stage, project).run(before, pending)
    scripts = tuple(
        Script(item, found.get(f"up {item.revision}", ()), found.get(f"down {item.revision}", ()))
        for item in (*before, *pending)
    )
    return scripts[: len(before)], scripts[len(before) :]


def create_models(stage: Stage, project: AlembicProject) -> str:
    """Create the tables of the project's mapped classes on an empty stage; return why not, or "".

    Raises:
        InputError: Where Alembic cannot be run.
    """
    stage.renew()
    stage.session().close()  # it is not new any more
    return str(_Recording(stage, project).run_driver([], [], models=True)["models"])


_Statements = tuple[ScriptStatement, ...]


class _Recording:
    """Runs revisions in the project's interpreter on a stage's database."""

    def __init__(self, stage: Stage, project: AlembicProject) -> None:
        self.stage, self.project = stage, project

    def run(
        self, before: Sequence[Migration], pending: Sequence[Migration]
    ) -> dict[str, _Statements]:
        """Return the statements of revisions by way and name; none behind one that stops.

        All go up, then back in reverse order. One that does not go back is as far as that leads:
        those before it are run again without it.
        """
        found: dict[str, _Statements] = {}
        left = list(pending)
        while not found or left:
            back = list(takewhile(lambda item: item.reversible, reversed(left)))
            if not found or back:
                answers = self._pass((*before, *left), back)
                for way, answer in answers.items():
                    found.setdefault(way, self._statements(way, answer))
                left = [item for item in left if _has_run(answers, item)]
                gone = sum(f"down {item.revision}" in answers for item in back)
            else:
                gone = 1
            left = left[: len(left) - max(gone, 1)]
        return found

    def _pass(
        self, ups: Sequence[Migration], downs: Sequence[Migration]
    ) -> dict[str, dict[str, Any]]:
        """Run revisions up and back on a database made anew, stamped as they need it."""
        self.stage.renew()
        self.stage.session().close()  # it is not new any more
        self._stamp(ups)
        up = [self._step(item, item.revision) for item in ups]
        down = [self._step(item, (*item.parents, "base")[0]) for item in downs]
        found: dict[str, dict[str, Any]] = self.run_driver(up, down)["answers"]
        return found

    def _stamp(self, migrations: Sequence[Migration]) -> None:
        """Say in the version table which revisions the database has before these."""
        own = {item.revision for item in migrations}
        outside = sorted({p for item in migrations for p in item.parents} - own)
        table = quoted(self.project.env.version_table)
        with contextlib.closing(self.stage.server.connect(self.stage.database)) as admin:
            execute(
                admin,
                f"CREATE TABLE IF NOT EXISTS {table} (version_num VARCHAR(255) PRIMARY KEY)",
            )
            execute(admin, f"DELETE FROM {table}")
            for name in outside:
                with admin.cursor() as cursor:
                    cursor.execute(f"INSERT INTO {table} VALUES (%s)", [name])

    def _step(self, migration: Migration, target: str) -> dict[str, str]:
        path = self.project.revisions.revisions[migration.revision].path
        return {"revision": migration.revision, "target": target, "file": str(path.resolve())}

    def _statements(self, way: str, answer: dict[str, Any]) -> _Statements:
        if answer["reason"] and not answer["failed"]:
            if way.startswith("down "):  # it raises by itself: there is no way back
                return ()
            raise InputError(
                f"env.py or the revision stops: {answer['reason']}",
                str(self.project.config.file),
                "mend it, or give files of SQL",
            )
        return tuple(
            ScriptStatement(item["sql"].strip(), item["line"] or 1)
            for item in answer["statements"]
            if not self._is_aside(item["sql"])
        )

    def _is_aside(self, sql: str) -> bool:
        """Whether a statement only reads, or keeps the version table."""
        if tag_of(sql) in _READS:
            return True
        table = re.escape(self.project.env.version_table)
        told = rf"\s*(CREATE TABLE|INSERT INTO|UPDATE|DELETE FROM)\s+`?{table}\b"
        return re.match(told, sql) is not None

    def run_driver(
        self, up: list[dict[str, str]], down: list[dict[str, str]], *, models: bool = False
    ) -> dict[str, Any]:
        """Run the steps with the first interpreter that has Alembic and the driver's library."""
        config = self.project.config
        stage = self.stage
        task = {
            "connection": {
                **stage.server.client(stage.database, OWNER),
                "charset": "utf8mb4",
            },
            "url": f"mysql+pymysql://{OWNER}@localhost/{stage.database}",
            "file": str(config.file.resolve()),
            "section": config.section,
            "scripts": str(config.scripts.resolve()),
            "up": up,
            "down": down,
            "models": models,
        }
        lacking = ""
        for python in interpreters(config.folder, self.project.root, self.project.python):
            answer = self._asked(python, task)
            if "lacks" not in answer:
                return answer
            lacking = str(answer["lacks"])
        raise InputError(
            f"Alembic cannot be run: {lacking}",
            str(config.file),
            "install the project's packages, or dbspecialist[alembic]",
        )

    def _asked(self, python: Path, task: dict[str, Any]) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            told, answer = Path(folder, "task.json"), Path(folder, "answer.json")
            told.write_text(json.dumps(task))
            environment = marked({**os.environ, "DATABASE_URL": task["url"]})
            process = subprocess.Popen(
                [str(python), str(_DRIVER), str(told), str(answer)],
                cwd=self.project.config.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=confined(),  # noqa: PLW1509
            )
            seconds = SECONDS + SECONDS_EACH * len(task["up"])
            try:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(seconds)
            finally:
                end_program(process, environment)
            if not answer.exists():
                raise InputError(
                    f"env.py and the revisions do not end within {seconds:.0f} s",
                    str(self.project.config.file),
                    "give files of SQL (`alembic upgrade --sql` writes one)",
                )
            found: dict[str, Any] = json.loads(answer.read_text())
            return found


def _has_run(answers: Mapping[str, Mapping[str, Any]], migration: Migration) -> bool:
    """Tell whether a revision's way up went through."""
    answer = answers.get(f"up {migration.revision}")
    return answer is not None and not answer["reason"]
