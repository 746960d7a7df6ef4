"""Stages: a twin made for trying changes, in as many equal databases as are needed.

A stage's tables hold one page and production's row count, so that the planner's estimates of
rows are production's while nothing large is ever read (PostgreSQL source, `estimate_rel_size`:
the density of pg_class times the file's pages).
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.observation import install
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.twins.cluster import Cluster, start_cluster
from dbspecialist.twins.guard import guarded
from dbspecialist.twins.load import load_schema
from dbspecialist.twins.loader import CAREFUL, LOADER
from dbspecialist.twins.observed.observer import STATEMENT_SECONDS, Observer
from dbspecialist.twins.plan_settings import apply_settings
from dbspecialist.twins.session_settings import session_settings
from dbspecialist.twins.stage_databases import create_database, drop_database
from dbspecialist.twins.stage_pages import set_one_page, settle
from dbspecialist.twins.stage_roles import OWNER, VISITOR, ensure_roles
from dbspecialist.twins.stand_ins import install_stand_ins
from dbspecialist.twins.statistics import restore_statistics
from dbspecialist.twins.tablespaces import make_tablespaces

Connection = psycopg.Connection[tuple[Any, ...]]


#: What a database does without whose effects nobody asks for.
_UNNOTED = f"""
ALTER EVENT TRIGGER dbs_twin_commands DISABLE;
ALTER EVENT TRIGGER dbs_twin_drops DISABLE;
ALTER EVENT TRIGGER dbs_twin_rewrites DISABLE;
ALTER ROLE {OWNER} IN DATABASE {{database}} SET auto_explain.log_min_duration = -1;
"""


@dataclass
class Stage:
    """A cluster with one prepared database from which others are made.

    Args:
        cluster: The server.
        template: The prepared database's name.
        left_out: What of the snapshot the twin does not hold, one sentence each.
        ready_ms: How long preparing took, in milliseconds.
        settings: Session settings that production's migrations would have.
        statement_seconds: After how long an observed statement is stopped.
        kept: How many databases more are not dropped: 8 MiB each against 10 ms.
    """

    cluster: Cluster
    template: str
    left_out: tuple[str, ...] = ()
    ready_ms: float = 0.0
    settings: Mapping[str, str] = field(default_factory=dict)
    statement_seconds: float = STATEMENT_SECONDS
    kept: int = 0

    def admin(self, database: str) -> Connection:
        """Connect to a database as a superuser who reads catalogues and nothing else."""
        return self.cluster.connect(database, options=CAREFUL)

    def visitor(self, database: str) -> Connection:
        """Connect to a database as the role that works with rows."""
        return self.cluster.connect(database, VISITOR)

    @contextlib.contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """Make a database equal to the prepared one (or another) and drop it at the end.

        The first few of a server that is the stage's own stay until the server goes.
        """
        name = f"stage_{next(_numbers)}"
        stays, self.kept = self.kept > 0, self.kept - 1
        with self.cluster.connect() as admin:
            create_database(admin, name, template or self.template)
            self._configure(admin, name)
        try:
            yield name
        finally:
            if not stays:
                drop_database(self.cluster, name)

    @contextlib.contextmanager
    def observer(self, database: str, *, effects: bool = True) -> Iterator[Observer]:
        """Observe whatever is sent to a database.

        Args:
            effects: Whether to ask what each statement did; if not, its tags and its error are
                all that is recorded.
        """
        if not effects:
            with self.admin(database) as admin:
                admin.execute(_UNNOTED.format(database=database).encode())
        observer = Observer(
            lambda: self.admin(database),
            cluster=self.cluster,
            database=database,
            user=OWNER,
            statement_seconds=self.statement_seconds,
            effects=effects,
        )
        try:
            yield observer
        finally:
            observer.close()

    def look_away(self, observer: Observer, database: str) -> None:
        """Let an observer ask no more what each statement did; what it runs, runs as it came."""
        observer.effects = False
        with self.admin(database) as admin:
            admin.execute(_UNNOTED.format(database=database).encode())

    def settle(self, database: str) -> None:
        """Bring a database in which migrations ran unobserved to where an observer leaves it."""
        with self.admin(database) as admin:
            settle(self.cluster, admin)

    def _configure(self, admin: Connection, database: str) -> None:
        apply_settings(admin, database, self.settings)


_numbers = itertools.count()


@contextlib.contextmanager
def open_stage(
    snapshot: Snapshot | None,
    *,
    scale: float = 1.0,
    cluster: Cluster | None = None,
    stays: bool = False,
) -> Iterator[Stage]:
    """Prepare a stage, in a cluster of its own unless one is given.

    Args:
        snapshot: What it stands for, or nothing for an empty database.
        scale: By how much production's sizes are multiplied.
        cluster: A running server to use; what the stage makes in it is dropped at the end.
        stays: Whether the first few databases are left to go with that server after all, since
            each DROP DATABASE waits for a checkpoint.
    """
    started = time.perf_counter()
    with contextlib.ExitStack() as stack:
        server = cluster or stack.enter_context(start_cluster())
        stage = Stage(server, f"stage_{next(_numbers)}", kept=0 if cluster and not stays else 8)
        with server.connect() as admin:
            ensure_roles(admin)
            if snapshot is not None:
                make_tablespaces(admin, snapshot.catalogue, OWNER)
            create_database(admin, stage.template, "template0", owner=OWNER)
        if cluster is not None and not stays:
            stack.callback(drop_database, server, stage.template)
        with stage.admin(stage.template) as connection:
            stage.left_out = _load(connection, snapshot, scale)
            set_one_page(server, connection)
        if cluster is None:
            limit = stage.statement_seconds
            stack.enter_context(guarded(server, (OWNER, LOADER), limit, whole=(VISITOR,)))
        stage.settings = session_settings(snapshot)
        stage.ready_ms = (time.perf_counter() - started) * 1000
        yield stage


def _load(connection: Connection, snapshot: Snapshot | None, scale: float) -> tuple[str, ...]:
    connection.execute(f"ALTER SCHEMA public OWNER TO {OWNER}")
    install_stand_ins(connection)  # also for what the migrations themselves create
    left_out: tuple[str, ...] = ()
    if snapshot is not None:
        left_out = load_schema(connection, snapshot.catalogue, owner=OWNER)
        left_out += restore_statistics(connection, snapshot, scale, owner=OWNER)
    install(connection)
    return left_out
