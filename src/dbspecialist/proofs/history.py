"""History: do the migrations replay from zero, and do models, migrations and database agree."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import psycopg

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue, Difference, SchemaObject, differences
from dbspecialist.facts.migration import VERSION_TABLES, Migration
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.walked import Broken
from dbspecialist.proofs.mapped import (
    MODELS_AGREE,
    Modelled,
    broken_models,
    may_break,
    modelled,
    old_code,
)
from dbspecialist.proofs.targets import unwatched
from dbspecialist.toolchains.base import MigrationFailed, Project
from dbspecialist.twins.stage import Stage, open_stage
from dbspecialist.twins.stage_loading import Prepared

#: Kinds that mapped classes can state; the rest lives in migrations alone.
MODELLED = ("table", "column", "constraint", "index", "enum", "sequence")

#: What two equal databases may have differently for how they came about.
_INCIDENTAL = frozenset({"position", "owner", "privileges", "comment"})

REPLAYS = "the history replays from zero"
DATABASE_AGREES = "production is what the migrations make"


_NO_BEGINNING = "the snapshot has a schema that no known migration makes"


@dataclass(frozen=True)
class History:
    """What was found out about a project's history as a whole.

    `broken` holds, by revision, the statements of mapped classes that it breaks.
    """

    proofs: tuple[Proof, ...] = ()
    model_drift: tuple[Difference, ...] = ()
    database_drift: tuple[Difference, ...] = ()
    broken: Mapping[str, tuple[Broken, ...]] = field(default_factory=dict)


def prove_history(
    stage: Stage,
    project: Project,
    before: Sequence[Migration],
    pending: Sequence[Migration],
    snapshot: Snapshot | None,
    *,
    base: str = "",
) -> History:
    """Replay a project's migrations on an empty database and compare where they lead.

    Args:
        stage: Its cluster is used; its databases are not.
        project: Whose history it is.
        before: The migrations that production has.
        pending: The others.
        snapshot: Production, compared with what `before` makes where it has a schema.
        base: The commit whose mapped classes are the old code; "" for those of the working tree.
    """
    with contextlib.ExitStack() as stack:
        empty = stack.enter_context(_empty(stage))
        database = empty.template
        try:
            with (
                unwatched(empty, database, project, (*before, *pending)) as target,
                project.runner(target) as runner,
            ):
                if before:
                    runner.upgrade(before)
                admin = stack.enter_context(empty.admin(database))
                reached = read_catalogue(admin)
                copy: str | None = None
                if isinstance(runner, Modelled):  # what is copied must not be in use
                    admin.close()
                    copy = _copied(empty, database, stack)
                    empty = stack.enter_context(_empty(stage))
                if pending:
                    runner.upgrade(pending)
                last = _read(empty, database) if admin.closed else read_catalogue(admin)
                models = modelled(empty, runner, last)
                if isinstance(models, Catalogue) and len(before) + len(pending) < _all(project):
                    models = Proof(MODELS_AGREE, "unchecked", "the newest revisions were left out")
        except MigrationFailed as error:
            basis = f"revision {error.revision} on an empty database: {error.reason}"
            if not before and snapshot is not None and snapshot.catalogue.objects:
                return History((Proof(REPLAYS, "unchecked", f"{_NO_BEGINNING} ({basis})"),))
            stopped = error.unchecked or (error.error and error.error.stopped)
            passed = [item.revision for item in (*before, *pending) if item.not_run]
            if passed and error.error and error.error.lacks_object:
                stopped, basis = True, f"{basis}; not run: {', '.join(passed)}"
            return History((Proof(REPLAYS, "unchecked" if stopped else "refuted", basis),))
        broken: dict[str, tuple[Broken, ...]] = {}
        code: Catalogue | Proof | None = None
        if copy and may_break(reached, last):
            code = old_code(empty, project, base, reached) if base else models
        if copy and isinstance(code, Catalogue):
            broken = broken_models(empty, project, pending, copy, code)
    replays = _replays((*before, *pending))
    drift, agree = _compared_models(last, models)
    drifted, production = _production(reached, before, snapshot)
    unread = code if base and isinstance(code, Proof) else None
    proofs = tuple(item for item in (replays, production, agree, unread) if item)
    return History(proofs, drift, drifted, broken)


def _replays(migrations: Sequence[Migration]) -> Proof:
    """Say that the history replays; nobody knows where programs in it were passed over."""
    passed = [item.revision for item in migrations if item.not_run]
    basis = f"{len(migrations) - len(passed)} migrations run on an empty database"
    if not passed:
        return Proof(REPLAYS, "proven", basis)
    return Proof(REPLAYS, "unchecked", f"{basis}; not run: {', '.join(passed)}")


@contextlib.contextmanager
def _empty(stage: Stage) -> Iterator[Stage]:
    """Prepare an empty stage in another's cluster."""
    ready = Prepared(stage.cluster, stage.empty.pop()) if stage.empty else None
    with open_stage(None, cluster=stage.cluster, stays=True, ready=ready) as empty:
        empty.production = stage.production
        yield empty


def _all(project: Project) -> int:
    """Count a project's migrations: models are those of the newest."""
    return len(project.history())


def _copied(stage: Stage, database: str, stack: contextlib.ExitStack) -> str | None:
    """Copy a database, or not where the project's runner keeps connections to it."""
    try:
        return stack.enter_context(stage.database(database))
    except psycopg.errors.ObjectInUse:
        return None


def _read(stage: Stage, database: str) -> Catalogue:
    with stage.admin(database) as connection:
        return read_catalogue(connection)


def _production(
    reached: Catalogue, before: Sequence[Migration], snapshot: Snapshot | None
) -> tuple[tuple[Difference, ...], Proof | None]:
    if snapshot is None or not before or not snapshot.catalogue.objects:
        return (), None
    found = compared(reached, snapshot.catalogue)
    if not found:
        basis = (
            f"the snapshot equals what {sum(not item.not_run for item in before)} migrations make"
        )
        return (), Proof(DATABASE_AGREES, "proven", basis)
    return found, Proof(DATABASE_AGREES, "refuted", f"different: {names(found)}")


def _compared_models(
    migrated: Catalogue, models: Catalogue | Proof | None
) -> tuple[tuple[Difference, ...], Proof | None]:
    if not isinstance(models, Catalogue):
        return (), models
    found = compared(migrated, models, MODELLED)
    if not found:
        tables = sum(1 for _ in models.of_kind("table", "partitioned table"))
        basis = f"{tables} mapped tables created on a second twin, catalogues equal"
        return (), Proof(MODELS_AGREE, "proven", basis)
    return found, Proof(MODELS_AGREE, "refuted", f"different: {names(found)}")


def compared(
    one: Catalogue, other: Catalogue, kinds: Iterable[str] | None = None
) -> tuple[Difference, ...]:
    """List what two catalogues have differently, but for order, owners and bookkeeping."""
    return differences(essential(one, kinds), essential(other, kinds))


def essential(catalogue: Catalogue, kinds: Iterable[str] | None = None) -> Catalogue:
    """Leave out of a catalogue what does not count, and objects of other kinds than those given."""
    wanted = frozenset(kinds) if kinds else None
    needed = {item.extension for item in catalogue.objects}
    return Catalogue(
        tuple(
            replace(item, attributes=_attributes(item))
            for item in catalogue.objects
            if (wanted is None or item.kind in wanted)
            and not _is_incidental(item)
            # An extension that nothing in the schema needs is a tool of the operators.
            and (item.kind != "extension" or item.name in needed)
        )
    )


def _attributes(item: SchemaObject) -> dict[str, str]:
    return {key: value for key, value in item.attributes.items() if key not in _INCIDENTAL}


def _is_incidental(item: SchemaObject) -> bool:
    """Leave out version tables, and what another object states.

    NOT NULL constraints are stated by their columns, and indexes of constraints by these.
    """
    relation = (item.parent or item.name).rpartition(".")[2].strip('"')
    if relation in VERSION_TABLES or item.kind in {"grant", "default privileges", "comment"}:
        return True
    if item.kind == "index" and "constraint" in item.attributes:
        return True
    return item.kind == "constraint" and item.attributes.get("definition", "").startswith(
        "NOT NULL"
    )


def names(found: Sequence[Difference], most: int = 5) -> str:
    """Name what differs, the first few of many."""
    told = ", ".join(f"{item.object.kind} {item.object.name}" for item in found[:most])
    more = len(found) - most
    return f"{told} and {more} more" if more > 0 else told
