"""What a project's mapped classes create, and which of the statements that they send go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue, differences
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.walked import Broken
from dbspecialist.proofs.compatibility import OldCode, model_statements
from dbspecialist.toolchains.base import MigrationFailed, Project, Runner, Target
from dbspecialist.toolchains.copies import at_commit
from dbspecialist.twins.stage import Stage
from dbspecialist.twins.stage_roles import OWNER

MODELS_AGREE = "the models and the migrated database agree"
OLD_CODE_GOES_ON = "what the mapped classes of the base send goes on"


@runtime_checkable
class Modelled(Protocol):
    """A runner that can create what the project's models describe."""

    def create_all(self, url: str | None = None) -> tuple[str, ...]:
        """Create the tables of the models and return their names."""


def modelled(stage: Stage, runner: Runner, migrated: Catalogue) -> Catalogue | Proof | None:
    """Create the models' tables in a database of their own and read its catalogue."""
    if not isinstance(runner, Modelled):
        return None
    with stage.database() as database:
        _prepare(stage, database, migrated)
        try:
            runner.create_all(stage.cluster.url(database, OWNER))
        except (InputError, MigrationFailed) as error:
            return Proof(MODELS_AGREE, "unchecked", str(error))
        with stage.admin(database) as connection:
            return read_catalogue(connection)


def _prepare(stage: Stage, database: str, migrated: Catalogue) -> None:
    """Make the schemas and extensions that models take for granted."""
    with stage.admin(database) as connection:
        for item in migrated.of_kind("schema", "extension"):
            if item.create and item.name != "public":
                connection.execute(item.create.encode())
        for item in migrated.of_kind("schema"):
            connection.execute(f"ALTER SCHEMA {item.name} OWNER TO {OWNER}".encode())


def old_code(
    stage: Stage, project: Project, base: str, reached: Catalogue
) -> Catalogue | Proof | None:
    """Return what the mapped classes of a commit create, or why that is not known."""
    try:
        with (
            at_commit(project, base) as old,
            stage.database() as database,
            old.runner(target_of(stage, database)) as runner,
        ):
            found = modelled(stage, runner, reached)
    except (InputError, MigrationFailed) as error:
        found = Proof(OLD_CODE_GOES_ON, "unchecked", str(error))
    if isinstance(found, Proof):
        basis = f"the models of commit {base[:12]}: {found.basis}"
        return Proof(OLD_CODE_GOES_ON, "unchecked", basis)
    return found


def broken_models(
    stage: Stage,
    project: Project,
    pending: Sequence[Migration],
    database: str,
    models: Catalogue,
) -> dict[str, tuple[Broken, ...]]:
    """Return, by revision, the statements of mapped classes that worked before it and do not after.

    Args:
        stage: Its cluster is used.
        project: Whose migrations they are.
        pending: The migrations to run.
        database: A database in the state before them.
        models: What the models' metadata creates.
    """
    found: dict[str, tuple[Broken, ...]] = {}
    with (
        stage.visitor(database) as admin,
        project.runner(target_of(stage, database)) as runner,
    ):
        code = OldCode(admin, model_statements(models))
        code.broken_by(read_catalogue(admin))  # what fails already is no migration's doing
        for migration in pending:
            try:
                runner.upgrade([migration])
            except MigrationFailed:
                break
            found[migration.revision] = code.broken_by(read_catalogue(admin))
    return found


def may_break(before: Catalogue, after: Catalogue) -> bool:
    """Tell whether anything was changed or dropped, or a column added that refuses NULL."""
    return any(
        item.before is not None or item.object.attributes.get("not_null") == "true"
        for item in differences(before, after)
    )


def target_of(stage: Stage, database: str) -> Target:
    """Return a target that nobody watches."""
    return Target(stage.cluster.url(database, OWNER), lambda _: None, watched=False)
