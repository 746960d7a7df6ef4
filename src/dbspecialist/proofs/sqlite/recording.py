"""What Alembic's revisions send to SQLite, recorded from the project's own env.py on a file.

The record is made on a file without rows, so that batch mode reads the schema that it copies; the
statements are then carried out under watch, with the transactions that the driver opens.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dbspecialist.engines.postgresql.script import ScriptStatement
from dbspecialist.engines.sqlite.script import tag_of
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.proofs.scripts import Script
from dbspecialist.toolchains.alembic.interpreter import interpreters
from dbspecialist.toolchains.alembic.project import AlembicProject
from dbspecialist.twins.confinement import confined
from dbspecialist.twins.processes import end_program, marked
from dbspecialist.twins.sqlite.stage import Stage

#: How long one revision may take.
SECONDS = 60.0
_DRIVER = Path(__file__).with_name("alembic_driver.py")
#: Statements that read alone: reflection's, which change nothing when they are left away.
_READS = frozenset({"SELECT", "EXPLAIN"})
_READING_PRAGMAS = re.compile(
    r"PRAGMA (table_x?info|foreign_key_list|index_x?info|index_list|table_list|database_list"
    r"|temp\.|encoding|schema_version|read_uncommitted)\b|PRAGMA (main|temp)\.",
    re.IGNORECASE,
)


def record_scripts(
    stage: Stage, project: AlembicProject, migrations: Iterable[Migration]
) -> tuple[Script, ...]:
    """Run revisions one by one on a file of their own and return what each sends, both ways.

    Raises:
        InputError: Where the project's environment cannot be run, or is another engine's.
    """
    stage.renew()
    with tempfile.TemporaryDirectory(dir=stage.folder) as folder:
        work = Path(folder)
        recording = _Recording(project, work, work / "recorded.sqlite3")
        shutil.copy(stage.path, recording.database)
        return tuple(recording.script(item) for item in migrations)


class _Recording:
    """The file on which the revisions run, each after the one before it."""

    def __init__(self, project: AlembicProject, work: Path, database: Path) -> None:
        self.project, self.work, self.database = project, work, database
        self._python: Path | None = None

    def script(self, migration: Migration) -> Script:
        self._stamp(migration.parents)
        up = self._run(migration, "up", migration.revision, self.database)
        down: tuple[ScriptStatement, ...] = ()
        if migration.reversible and not up["reason"]:
            copy = self.work / "back.sqlite3"
            shutil.copy(self.database, copy)
            target = migration.parents[0] if migration.parents else "base"
            down = self._statements(self._run(migration, "down", target, copy))
        return Script(migration, self._statements(up), down, enforces=False)

    def _stamp(self, parents: tuple[str, ...]) -> None:
        """Say in the version table which revisions the file is at."""
        table = self.project.env.version_table
        with contextlib.closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute(
                f'CREATE TABLE IF NOT EXISTS "{table}" (version_num VARCHAR(32) NOT NULL)'
            )
            connection.execute(f'DELETE FROM "{table}"')
            connection.executemany(f'INSERT INTO "{table}" VALUES (?)', [(p,) for p in parents])

    def _statements(self, answer: dict[str, Any]) -> tuple[ScriptStatement, ...]:
        found = [
            ScriptStatement(item["sql"].strip(), item["line"] or 1)
            for item in answer["statements"]
            if not self._is_aside(item["sql"])
        ]
        failed = answer["failed"]
        if failed and (not found or found[-1].sql != failed.strip()):
            # One that does not compile is never begun, and so not told.
            found.append(ScriptStatement(failed.strip(), found[-1].line if found else 1))
        elif answer["reason"] and not failed:
            raise InputError(
                f"env.py or the revision stops: {answer['reason']}",
                str(self.project.config.file),
                "mend it, or give files of SQL",
            )
        return tuple(found)

    def _is_aside(self, sql: str) -> bool:
        """Whether a statement only reads the schema, or keeps the version table."""
        if tag_of(sql) in _READS or _READING_PRAGMAS.match(sql.strip()):
            return True
        table = re.escape(self.project.env.version_table)
        return (
            re.match(rf"\s*(CREATE TABLE|INSERT INTO|UPDATE|DELETE FROM)\s+\"?{table}\b", sql)
            is not None
        )

    def _run(
        self, migration: Migration, direction: str, target: str, database: Path
    ) -> dict[str, Any]:
        """Run one revision with the first interpreter that has Alembic."""
        config = self.project.config
        path = self.project.revisions.revisions[migration.revision].path
        task = {
            "database": str(database),
            "url": f"sqlite:///{database}",
            "file": str(config.file.resolve()),
            "section": config.section,
            "scripts": str(config.scripts.resolve()),
            "revision_file": str(path.resolve()),
            "direction": direction,
            "target": target,
        }
        lacking = ""
        chosen = [self._python] if self._python else None
        for python in chosen or interpreters(config.folder, self.project.root, self.project.python):
            answer = self._asked(python, task)
            if "lacks" not in answer:
                self._python = python
                return answer
            lacking = str(answer["lacks"])
        raise InputError(
            f"Alembic cannot be run: {lacking}",
            str(config.file),
            "install the project's packages, or dbspecialist[alembic]",
        )

    def _asked(self, python: Path, task: dict[str, Any]) -> dict[str, Any]:
        told, answer = self.work / "task.json", self.work / "answer.json"
        told.write_text(json.dumps(task))
        answer.unlink(missing_ok=True)
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
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(SECONDS)
        finally:
            end_program(process, environment)
        if not answer.exists():
            return {
                "statements": [],
                "failed": "",
                "reason": f"it did not end within {SECONDS:.0f} s",
            }
        found: dict[str, Any] = json.loads(answer.read_text())
        return found
