"""Models of SQLAlchemy: the statements that create their tables, asked of SQLAlchemy itself.

The module is imported in the project's own interpreter, without a network, and nothing is connected
to: SQLAlchemy writes its DDL to a mock engine (documentation, "create_mock_engine").
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.alembic.interpreter import interpreters
from dbspecialist.twins.confinement import confined
from dbspecialist.twins.processes import end_program, marked

#: How long importing may take.
SECONDS = 60.0

#: Where projects look for the database's URL while they are imported; nobody connects to it.
_URL_NAMES = ("DATABASE_URL", "SQLALCHEMY_DATABASE_URI", "SQLALCHEMY_DATABASE_URL")
_URL = "postgresql://models@localhost/models"

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
_DRIVER = Path(__file__).with_name("models_driver.py")


def is_models(text: str) -> bool:
    """Whether a text has the form MODULE:METADATA."""
    return _NAME.fullmatch(text) is not None


def model_statements(name: str, root: Path, python: Path | None = None) -> tuple[str, ...]:
    """Return the statements that create what a module's metadata describes.

    Args:
        name: MODULE:METADATA, the second being a MetaData or a declarative base.
        root: The folder that the module is imported from, or its folder `src`.
        python: The interpreter; the project's own where nothing is given.

    Raises:
        InputError: Where the module does not import or holds no metadata of that name.
    """
    reason = ""
    for interpreter in interpreters(root, root, python):
        answer = _asked(interpreter, name, root)
        if "statements" in answer:
            return tuple(answer["statements"])
        reason = str(answer["reason"])
        if not answer["lacks"]:
            break
    raise InputError(reason, name, "call dbs in the folder that the module is imported from")


def _asked(interpreter: Path, name: str, root: Path) -> dict[str, list[str] | str]:
    """Run the driver and return what it wrote, or why it wrote nothing."""
    environment = marked({**os.environ, **dict.fromkeys(_URL_NAMES, _URL)})
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        process = subprocess.Popen(
            [str(interpreter), str(_DRIVER), name, str(answer)],
            cwd=root,
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
            return {"reason": f"the module did not import within {SECONDS:.0f} s", "lacks": ""}
        found: dict[str, list[str] | str] = json.loads(answer.read_text())
        return found
