"""Where a schema comes from: a .sql file, a snapshot, a URL, a folder or a module of models."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path

from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.engines.postgresql.script import split_script
from dbspecialist.engines.postgresql.server import source_of
from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.tasks.snapshot import snapshot_of_migrations
from dbspecialist.tasks.sources import read_source
from dbspecialist.toolchains.models import is_models, model_statements
from dbspecialist.twins.fitting import fit
from dbspecialist.twins.models_side import of_models
from dbspecialist.twins.sides import Sides
from dbspecialist.twins.variables import shown_variables

FORMS = "give a .sql file, a snapshot, a URL, a folder with migrations or MODULE:METADATA"


def named(source: str | PathLike[str]) -> str:
    """Name a source as reports do, a URL without its password."""
    text = str(source)
    return source_of(text) if is_url(text) else text


def is_url(text: str) -> bool:
    """Whether a source is a URL or a libpq connection string."""
    return "://" in text or ("=" in text and not Path(text).exists())


def load_both(
    before: str | PathLike[str],
    after: str | PathLike[str],
    sides: Sides,
    tell: Callable[[str], None],
) -> tuple[str, str]:
    """Make the databases of two sides; models are read last, among what the other side has.

    Raises:
        InputError: Where one cannot be read, or both are models.
    """
    modelled = [is_models_source(source) for source in (before, after)]
    if all(modelled):
        raise InputError("both sides are models", f"{before} {after}", "give a schema for one")
    found: dict[int, str] = {}
    for place, source in sorted(enumerate((before, after)), key=lambda pair: modelled[pair[0]]):
        tell(f"reading {named(source)}")
        if modelled[place]:
            statements = model_statements(str(source), Path.cwd())
            with sides.connect(found[1 - place]) as connection:
                other = read_catalogue(connection)
            found[place] = of_models(sides, str(source), statements, other)
        else:
            found[place] = load(source, sides)
    fit(sides, found[0], found[1])
    return found[0], found[1]


def is_models_source(source: str | PathLike[str]) -> bool:
    """Whether a source names the metadata of models."""
    return is_models(str(source)) and not Path(source).exists()


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
        return of_snapshot(sides, found)
    if path.is_dir():
        return sides.of_catalogue(snapshot_of_migrations(path).catalogue)
    if path.suffix.lower() == ".sql":
        return sides.of_script(split_script(script_text(path), path), path)
    if not path.exists():
        raise InputError("No such file or directory", text, FORMS)
    snapshot = read_source(path, lambda _: None)
    assert snapshot is not None
    return of_snapshot(sides, snapshot)


def of_snapshot(sides: Sides, snapshot: Snapshot) -> str:
    """Make a database of a snapshot's schema, whose statistics tell renamed columns."""
    database = sides.of_catalogue(snapshot.catalogue, snapshot.server_version)
    sides.statistics[database] = snapshot.column
    return database
