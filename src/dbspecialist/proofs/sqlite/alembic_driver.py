"""Runs in the project's interpreter: one revision of Alembic on a file, with what it sends.

Called as `alembic_driver.py TASK ANSWER`, both JSON files; Python 3.8 and later, and nothing of
dbspecialist. Every connection of SQLite's goes to the twin's file, whatever env.py asks for, and
SQLite itself tells each statement, parameters filled in (`sqlite3_trace_v2`).
"""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

sys.path.pop(0)  # this file's folder is none of the project's


class Recorder:
    """Connections to one file, and the statements that they carry out."""

    def __init__(self, file: str, revision_file: str) -> None:
        self.file, self.revision_file = file, revision_file
        self.statements: list[dict[str, Any]] = []
        self._connect: Any = sqlite3.connect

    def connect(self, _database: Any = None, *_: Any, **options: Any) -> Any:
        """Open the twin's file as the program would open its own."""
        options.pop("uri", None)
        connection = self._connect(self.file, **options)
        connection.set_trace_callback(self.note)
        return connection

    def note(self, sql: str) -> None:
        """Take note of a statement and of the revision's line that sends it."""
        if not sql.startswith("--"):  # what triggers do
            self.statements.append({"sql": sql, "line": self._line()})

    def _line(self) -> int | None:
        frame: Any = sys._getframe()
        while frame is not None:
            if frame.f_code.co_filename == self.revision_file:
                return int(frame.f_lineno)
            frame = frame.f_back
        return None


def main(task: dict[str, Any]) -> dict[str, Any]:
    """Run a revision up or down and return what was sent, and why it stopped."""
    recorder = Recorder(task["database"], task["revision_file"])
    setattr(sqlite3, "connect", recorder.connect)  # noqa: B010 - mypy would refuse the assignment
    setattr(sqlite3.dbapi2, "connect", recorder.connect)  # noqa: B010
    try:
        from alembic import command
        from alembic.config import Config
    except ImportError as error:
        return {"lacks": str(error)}
    config = Config(task["file"], ini_section=task["section"])
    config.set_main_option("script_location", task["scripts"].replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", task["url"].replace("%", "%%"))
    refuse_other_engines()
    reason, failed = "", ""
    try:
        run = command.upgrade if task["direction"] == "up" else command.downgrade
        run(config, task["target"])
    except (Exception, SystemExit) as error:  # noqa: BLE001 - foreign code
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        failed = str(getattr(error, "statement", "") or "")
    return {"statements": recorder.statements, "reason": reason, "failed": failed}


def refuse_other_engines() -> None:
    """Let SQLAlchemy connect to SQLite alone."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def check(dialect: Any, *_: Any) -> None:
        if dialect.name != "sqlite":
            raise RuntimeError(f"env.py connects to {dialect.name}, not to SQLite")

    event.listen(Engine, "do_connect", check)


if __name__ == "__main__":
    answer = main(json.loads(Path(sys.argv[1]).read_text()))
    Path(sys.argv[2]).write_text(json.dumps(answer))
