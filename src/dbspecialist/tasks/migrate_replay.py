"""A project's history replayed from zero, as catalogues: what has run, all of it, the models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.proof import Proof
from dbspecialist.proofs.mapped import modelled, target_of
from dbspecialist.proofs.revisions_of_schemas import without_version_tables
from dbspecialist.toolchains.base import MigrationFailed, Project
from dbspecialist.twins.sides import Sides
from dbspecialist.twins.stage import open_stage


@dataclass(frozen=True)
class Replayed:
    """What a history makes.

    Args:
        applied: After the migrations that the database has.
        head: After all of them.
        models: What the models create, where the toolchain knows of models.
        notes: Why it does not, where it should.
    """

    applied: Catalogue
    head: Catalogue
    models: Catalogue | None = None
    notes: tuple[str, ...] = ()


def replayed(
    sides: Sides,
    project: Project,
    before: Sequence[Migration],
    after: Sequence[Migration],
    *,
    with_models: bool = True,
) -> Replayed:
    """Run migrations on an empty database of a server, as a role that is no superuser.

    Args:
        sides: The server.
        project: Whose migrations they are.
        before: Those that the database has.
        after: Those that follow.
        with_models: Whether to ask what the models create.

    Raises:
        InputError: Where the history does not replay.
    """
    try:
        with (
            open_stage(None, cluster=sides.cluster) as stage,
            stage.database() as database,
            project.runner(target_of(stage, database)) as runner,
        ):
            runner.upgrade(before)
            with stage.admin(database) as connection:
                applied = read_catalogue(connection)
            runner.upgrade(after)
            with stage.admin(database) as connection:
                head = read_catalogue(connection)
            models = modelled(stage, runner, head) if with_models else None
    except MigrationFailed as error:
        raise InputError(
            f"the history does not replay: {error.reason}",
            f"{project.name} revision {error.revision}",
            "mend it",
        ) from error
    notes = (f"models: {models.basis}",) if isinstance(models, Proof) else ()
    known = models if isinstance(models, Catalogue) else None
    return Replayed(without_version_tables(applied), without_version_tables(head), known, notes)
