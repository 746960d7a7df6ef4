"""Where a schema comes from: a .sql file, a snapshot, a URL, a folder or a module of models."""

from __future__ import annotations

import re
from os import PathLike
from pathlib import Path

from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.engines.postgresql.script import split_script
from dbspecialist.engines.postgresql.server import source_of
from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.snapshot import snapshot_of_migrations
from dbspecialist.tasks.sources import read_source
from dbspecialist.twins.sides import Sides
from dbspecialist.twins.variables import shown_variables

_MODELS = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")

FORMS = "give a .sql file, a snapshot, a URL, a folder with migrations or MODULE:METADATA"


def named(source: str | PathLike[str]) -> str:
    """Name a source as reports do, a URL without its password."""
    text = str(source)
    return source_of(text) if is_url(text) else text


def is_url(text: str) -> bool:
    """Whether a source is a URL or a libpq connection string."""
    return "://" in text or ("=" in text and not Path(text).exists())


def load(source: str | PathLike[str], sides: Sides) -> str:
    """Make a database of a schema on the server of two sides and return its name.

    Raises:
        InputError: Where the source is none, cannot be read, or the engine refuses it.
    """
    text, path = str(source), Path(source)
    if not text.strip():
        raise InputError("no schema is given", "", FORMS)
    if is_url(text):
        with shown_variables():
            found = capture(text, workload=False)
        return sides.of_catalogue(found.catalogue)
    if path.is_dir():
        return sides.of_catalogue(snapshot_of_migrations(path).catalogue)
    if path.suffix.lower() == ".sql":
        return sides.of_script(split_script(script_text(path), path), path)
    if _MODELS.fullmatch(text) and not path.exists():
        raise InputError("models are not read yet", text, FORMS)
    if not path.exists():
        raise InputError("No such file or directory", text, FORMS)
    snapshot = read_source(path, lambda _: None)
    assert snapshot is not None
    return sides.of_catalogue(snapshot.catalogue)
