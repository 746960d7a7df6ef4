"""The Python interpreter that a project's env.py is run with."""

from __future__ import annotations

import base64
import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from dbspecialist.facts.errors import InputError

_ENVIRONMENTS = (".venv", "venv", "env", ".env")
_BINARIES = ("bin/python", "Scripts/python.exe")


def interpreters(folder: Path, root: Path, chosen: str | Path | None = None) -> Iterator[Path]:
    """Yield interpreters to try: the chosen one alone, else the project's own, then ours.

    Args:
        folder: The folder of the project's configuration.
        root: The repository's root.
        chosen: The `python` option.

    Raises:
        InputError: When the chosen one is not there.
    """
    if chosen is not None:
        if not Path(chosen).is_file():
            raise InputError("the interpreter is not there", str(chosen), "check --python")
        yield Path(chosen)
        return
    seen = {Path(sys.executable)}
    for environment in _environments(folder, root):
        for binary in _BINARIES:
            # Not resolved: the link's place is what makes it an environment's interpreter.
            python = environment / binary
            if python.is_file() and python not in seen:
                seen.add(python)
                yield python
    yield Path(sys.executable)


def _environments(folder: Path, root: Path) -> Iterator[Path]:
    here, top = folder.resolve(), root.resolve()
    for place in (here, *here.parents):
        yield from (place / name for name in _ENVIRONMENTS)
        yield from _kept_elsewhere(place)
        # A root that is a part of a repository may use the repository's environment.
        if (place / ".git").exists() or place == Path.home() or not _near(place, top):
            break
    if "VIRTUAL_ENV" in os.environ:
        yield Path(os.environ["VIRTUAL_ENV"])


def _near(place: Path, top: Path) -> bool:
    return place.is_relative_to(top) or top.is_relative_to(place)


def _kept_elsewhere(place: Path) -> Iterator[Path]:
    """Environments of Poetry and Pipenv, which name them by a hash of the project's place."""
    if (place / "poetry.lock").is_file():
        folder = Path(os.environ.get("POETRY_CACHE_DIR") or "~/.cache/pypoetry").expanduser()
        yield from sorted((folder / "virtualenvs").glob(f"*-{_hash(str(place))[:8]}-py*"))
    if (place / "Pipfile").is_file():
        folder = Path(os.environ.get("WORKON_HOME") or "~/.local/share/virtualenvs").expanduser()
        yield from sorted(folder.glob(f"*-{_hash(str(place / 'Pipfile'))[:8]}"))


def _hash(path: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(path.encode()).digest()).decode()
