"""Edited models and a migrated database: both are made on one server, and must be alike."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue, Difference, differences
from dbspecialist.facts.model_edit import ModelEdit
from dbspecialist.orms import edited
from dbspecialist.toolchains.models import model_statements
from dbspecialist.twins.cluster import Cluster

_numbers = itertools.count()


def after_edits(root: Path, *edits: ModelEdit) -> dict[str, str]:
    """Edit a folder's models, write them, and return the texts of the files that changed."""
    found = edited(root, edits)
    for item in found:
        (root / item.path).write_text(item.text)
    return {item.path: item.text for item in found}


def left_over(
    cluster: Cluster,
    root: Path,
    edits: Sequence[ModelEdit],
    sql: str,
    models: str = "models:Base",
) -> tuple[Difference, ...]:
    """Migrate what the models create, edit the models, and return what is not alike."""
    before = model_statements(models, root, Path(sys.executable))
    with made(cluster, [*before, sql]) as migrated:
        after_edits(root, *edits)
        for cache in root.rglob("__pycache__"):
            for file in cache.iterdir():
                file.unlink()
        statements = model_statements(models, root, Path(sys.executable))
        with made(cluster, statements) as modelled:
            return differences(migrated, modelled)


@contextmanager
def made(cluster: Cluster, statements: Sequence[str]) -> Iterator[Catalogue]:
    """Run statements in a database of their own and give its catalogue."""
    name = f"models_{next(_numbers)}"
    with cluster.connect() as admin:
        admin.execute(f"CREATE DATABASE {name}")
    try:
        with cluster.connect(name) as connection:
            for statement in statements:
                connection.execute(statement.encode(), prepare=False)
            yield read_catalogue(connection)
    finally:
        with cluster.connect() as admin, psycopg.ClientCursor(admin) as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
