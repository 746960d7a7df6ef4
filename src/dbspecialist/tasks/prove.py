"""Prove: what each pending migration does to production, tried on a twin."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from dbspecialist.engines.postgresql.server import source_of
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.tasks.asked import Asked, Progress
from dbspecialist.tasks.choosing_engines import engine_named
from dbspecialist.tasks.configuration import overridden, read_configuration
from dbspecialist.tasks.sources import read_source
from dbspecialist.twins.sizes import refuse_unusable_scale
from dbspecialist.twins.stage_beforehand import stage_prepared_meanwhile
from dbspecialist.twins.variables import hidden_variables

if TYPE_CHECKING:
    from dbspecialist.facts.report import Report

Roots = Sequence[str | PathLike[str]]


@hidden_variables()
def prove(
    paths: Roots = (".",),
    *,
    snapshot: str | PathLike[str] | Snapshot | None = None,
    database: str | None = None,
    from_: str | None = None,
    to: str | None = None,
    base: str | None = None,
    scale: float = 1.0,
    fix: bool = False,
    toolchain: str | None = None,
    python: str | PathLike[str] | None = None,
    single_transaction: bool = False,
    engine: str | None = None,
    max_blocked: float | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    progress: Progress | None = None,
) -> Report:
    """Run the pending migrations of one or several projects on a twin and judge what they do.

    Args:
        paths: Projects, folders of migrations, or files.
        snapshot: What stands for production: a snapshot, its file, or a .sql file with a schema.
            Without one the migrations are run from zero, and no size is known.
        database: A URL that is asked, read-only, what statistics cannot decide.
        from_: The last revision that is applied.
        to: The last revision to judge.
        base: A git revision; migrations that are new since the merge base are pending.
        scale: By how much production's sizes are multiplied.
        fix: Whether to write the fixes that were proven into the files. The report is then of
            the files as they were written.
        toolchain: The name of the toolchain, where several are there.
        python: The interpreter that has the project's packages.
        single_transaction: Whether each SQL file is one transaction.
        engine: The engine to try the migrations on, where no snapshot tells it.
        max_blocked: How long reads or writes may wait before it is an error, in milliseconds.
        select: Only these rules.
        ignore: Not these rules.
        progress: Called with a sentence on what is being done.

    Raises:
        InputError: Where the input cannot be used.
    """
    roots = [Path(path) for path in paths] or [Path()]
    configuration = overridden(
        read_configuration(roots[0]),
        max_blocked_ms=max_blocked,
        select=tuple(select),
        ignore=tuple(ignore),
        toolchain=toolchain,
        python=Path(python).absolute() if python else None,
    )
    refuse_unusable_scale(scale)
    named = engine or engine_named(database, roots)
    if database and named not in {"mysql", "mariadb", "sqlite"}:
        source_of(database)  # what cannot be read is refused before anything runs
    tell = progress or (lambda _: None)
    chosen = snapshot or configuration.snapshot
    source = chosen if isinstance(chosen, Snapshot) else _source(chosen, tell, engine, named)
    asked_engine = source.engine if source else named or "postgresql"
    asked = Asked(source, scale, configuration, tell, fix, database, asked_engine)
    with stage_prepared_meanwhile(source, scale) if asked_engine == "postgresql" else nullcontext():
        # Imported while the stage is prepared, in a process of its own.
        from dbspecialist.tasks.projects import prove_projects

        return prove_projects(
            roots, asked, single_transaction=single_transaction, from_=from_, to=to, base=base
        )


def _source(
    chosen: str | PathLike[str] | None, tell: Progress, engine: str | None, named: str
) -> Snapshot | None:
    """Read what stands for production: a .sql file on the engine that is meant.

    A snapshot knows its own, which only `--engine` may contradict.
    """
    is_script = chosen is not None and Path(chosen).suffix.lower() == ".sql"
    return read_source(chosen, tell, (named or None) if is_script else engine)
