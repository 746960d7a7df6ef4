"""Runs in the project's interpreter: revisions of Alembic on a server, with what they send.

Called as `alembic_driver.py TASK ANSWER`, both JSON files; Python 3.8 and later, and nothing of
dbspecialist. Every connection that SQLAlchemy opens goes to that server, whatever env.py asks for.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.pop(0)  # this file's folder is none of the project's


class Recorder:
    """Connections to one server, and the statements that they carry out."""

    def __init__(self, connection: dict[str, Any]) -> None:
        self.connection = connection
        self.revision_file = ""
        self.driver = "mysql+pymysql"
        self.statements: list[dict[str, Any]] = []

    def listen(self) -> None:
        """Listen to every engine of SQLAlchemy."""
        from sqlalchemy import event
        from sqlalchemy.engine import Engine

        event.listen(Engine, "do_connect", self.connect)
        event.listen(Engine, "before_cursor_execute", self.note)

    def connect(self, dialect: Any, _record: Any, given: list[Any], named: dict[str, Any]) -> None:
        """Put the throwaway server's address in place of the program's."""
        if dialect.name not in {"mysql", "mariadb"}:
            raise RuntimeError(f"env.py connects to {dialect.name}, not to MySQL or MariaDB")
        if dialect.driver in {"pymysql", "mysqldb", "mysqlconnector"}:
            self.driver = f"{dialect.name}+{dialect.driver}"
        given[:] = []
        named.clear()
        named.update(self.connection)
        if dialect.driver == "aiomysql":
            named["db"] = named.pop("database")

    def note(self, *event: Any) -> None:
        """Take note of a statement and of the revision's line that sends it."""
        _, cursor, statement, parameters, _, many = event
        for values in parameters if many else [parameters]:
            sent = {"sql": filled(cursor, statement, values), "line": self._line()}
            self.statements.append(sent)

    def run(self, command: Any, config: Any, item: dict[str, Any]) -> dict[str, Any]:
        """Run one revision and return what it sent, and why it stopped."""
        self.statements, self.revision_file = [], item["file"]
        reason, failed = "", ""
        try:
            command(config, item["target"])
        except (Exception, SystemExit) as error:  # noqa: BLE001 - foreign code
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            failed = str(getattr(error, "statement", "") or "")
        return {"statements": self.statements, "reason": reason, "failed": failed}

    def _line(self) -> int | None:
        frame: Any = sys._getframe()
        while frame is not None:
            if frame.f_code.co_filename == self.revision_file:
                return int(frame.f_lineno)
            frame = frame.f_back
        return None


def filled(cursor: Any, statement: str, values: Any) -> str:
    """Return a statement with its parameters filled in, as the driver sends it."""
    real = cursor
    while not hasattr(real, "mogrify") and hasattr(real, "_cursor"):
        real = real._cursor  # the adapter of an asynchronous driver
    if hasattr(real, "mogrify"):
        return str(real.mogrify(statement, values))
    connection = getattr(real, "connection", None)
    if values and connection is not None:  # mysqlclient
        return str(statement % tuple(connection.literal(item).decode() for item in values))
    return statement % () if values == () else statement


def main(task: dict[str, Any]) -> dict[str, Any]:
    """Run revisions one after the other and return what each sent, and why the last stopped."""
    try:
        from alembic import command
        from alembic.config import Config

        recorder = Recorder(task["connection"])
        recorder.listen()
    except ImportError as error:
        return {"lacks": str(error)}
    config = Config(task["file"], ini_section=task["section"])
    config.set_main_option("script_location", task["scripts"].replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", task["url"].replace("%", "%%"))
    answers: dict[str, dict[str, Any]] = {}
    for item in task["up"]:
        answers["up " + item["revision"]] = found = recorder.run(command.upgrade, config, item)
        if found["reason"]:
            break
    for item in task["down"]:
        up = answers.get("up " + item["revision"])
        if up is None or up["reason"]:
            continue  # it was not reached
        answers["down " + item["revision"]] = found = recorder.run(command.downgrade, config, item)
        if found["reason"]:
            break
    return {"answers": answers, "models": models(recorder, config) if task["models"] else ""}


class Captured(BaseException):
    """env.py has come to `context.configure`, and is left there."""


def models(recorder: Recorder, config: Any) -> str:
    """Create the tables of env.py's `target_metadata`; return why not, or nothing."""
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory
    from sqlalchemy import create_engine

    found: list[Any] = []

    def configure(*_: Any, **options: Any) -> None:
        found.append(options.get("target_metadata"))
        raise Captured

    setattr(EnvironmentContext, "configure", configure)  # noqa: B010 - mypy would refuse it
    script = ScriptDirectory.from_config(config)
    try:
        with EnvironmentContext(config, script, fn=lambda *_: []):
            script.run_env()
    except Captured:
        pass
    except (Exception, SystemExit) as error:  # noqa: BLE001 - foreign code
        return " ".join(f"{type(error).__name__}: {error}".split())
    metadata = found[0] if found else None
    if metadata is None:
        return "env.py names no target_metadata"
    try:
        for item in metadata if isinstance(metadata, (list, tuple)) else [metadata]:
            item.create_all(create_engine(f"{recorder.driver}://"))
    except Exception as error:  # noqa: BLE001 - foreign code
        return " ".join(f"{type(error).__name__}: {error}".split())
    return ""


if __name__ == "__main__":
    answer = main(json.loads(Path(sys.argv[1]).read_text()))
    Path(sys.argv[2]).write_text(json.dumps(answer))
