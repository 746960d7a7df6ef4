"""Stages: a twin made for trying changes, in as many equal databases as are needed.

A stage's tables hold one page and production's row count, so that the planner's estimates of
rows are production's while nothing large is ever read (PostgreSQL source, `estimate_rel_size`:
the density of pg_class times the file's pages).
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg

from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.twins.cluster import Cluster, start_cluster
from dbspecialist.twins.guard import guarded
from dbspecialist.twins.loader import CAREFUL, LOADER
from dbspecialist.twins.observed.observer import STATEMENT_SECONDS, Observer
from dbspecialist.twins.plan_settings import apply_settings
from dbspecialist.twins.session_settings import session_settings
from dbspecialist.twins.stage_beforehand import prepared_beforehand
from dbspecialist.twins.stage_databases import create_database, drop_database
from dbspecialist.twins.stage_loading import Prepared, prepare
from dbspecialist.twins.stage_pages import settle
from dbspecialist.twins.stage_roles import OWNER, VISITOR

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
        copies: Names of databases that equal the prepared one and that nobody has yet.
        empty: Names of such that nothing was loaded into.
        production: The name that migrations know its databases by, or "".
    """

    cluster: Cluster
    template: str
    left_out: tuple[str, ...] = ()
    ready_ms: float = 0.0
    settings: Mapping[str, str] = field(default_factory=dict)
    statement_seconds: float = STATEMENT_SECONDS
    kept: int = 0
    copies: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    production: str = ""

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
        if template in {None, self.template} and (copy := self._copy()) is not None:
            yield copy  # it goes with the server
            return
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
            production=self.production,
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

    def _copy(self) -> str | None:
        """Take one of the copies; several threads may want the last."""
        try:
            return self.copies.pop()
        except IndexError:
            return None

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
    ready: Prepared | None = None,
) -> Iterator[Stage]:
    """Prepare a stage, in a cluster of its own unless one is given.

    Args:
        snapshot: What it stands for, or nothing for an empty database.
        scale: By how much production's sizes are multiplied.
        cluster: A running server to use; what the stage makes in it is dropped at the end.
        stays: Whether the first few databases are left to go with that server after all, since
            each DROP DATABASE waits for a checkpoint.
        ready: What was prepared for it on that server, and goes with it.
    """
    with contextlib.ExitStack() as stack:
        if cluster is None and (ready := prepared_beforehand(snapshot, scale)) is not None:
            stack.callback(ready.cluster.close)
        if ready is None:
            server = cluster or stack.enter_context(start_cluster())
            ready = prepare(server, f"stage_{next(_numbers)}", snapshot, scale)
            if cluster is not None and not stays:
                stack.callback(drop_database, server, ready.template)
        server = ready.cluster
        stage = Stage(server, ready.template, ready.left_out, ready.milliseconds)
        stage.kept = 0 if cluster and not stays else 8
        stage.copies, stage.empty = list(ready.copies), [ready.empty] if ready.empty else []
        if cluster is None:
            limit = stage.statement_seconds
            stack.enter_context(guarded(server, (OWNER, LOADER), limit, whole=(VISITOR,)))
        stage.settings = session_settings(snapshot)
        stage.production = snapshot.database if snapshot else ""
        yield stage
