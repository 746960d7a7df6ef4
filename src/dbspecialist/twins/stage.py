"""Stages: a twin made for trying changes, in as many equal databases as are needed.

A stage's tables hold one page and production's row count, so that the planner's estimates of
rows are production's while nothing large is ever read (PostgreSQL source, `estimate_rel_size`:
the density of pg_class times the file's pages).
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from dbspecialist.engines.postgresql.observation import install
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.twins.cluster import Cluster, start_cluster
from dbspecialist.twins.guard import guarded
from dbspecialist.twins.load import load_schema
from dbspecialist.twins.observed.observer import STATEMENT_SECONDS, Observer
from dbspecialist.twins.plan_settings import apply_settings
from dbspecialist.twins.sizes import data_file
from dbspecialist.twins.stand_ins import install_stand_ins
from dbspecialist.twins.statistics import restore_statistics
from dbspecialist.twins.tablespaces import make_tablespaces

Connection = psycopg.Connection[tuple[Any, ...]]

#: The role that runs migrations: it owns everything and is no superuser, so that what a
#: migration brings along cannot read files, start programs or open connections.
OWNER = "dbs_owner"

_ROLE = f"""
CREATE ROLE {OWNER} LOGIN NOSUPERUSER CREATEROLE CREATEDB BYPASSRLS;
ALTER ROLE {OWNER} SET session_preload_libraries = 'auto_explain';
ALTER ROLE {OWNER} SET auto_explain.log_min_duration = 0;
ALTER ROLE {OWNER} SET auto_explain.log_level = info;
ALTER ROLE {OWNER} SET auto_explain.log_format = json;
ALTER ROLE {OWNER} SET auto_explain.log_nested_statements = on;
ALTER ROLE {OWNER} SET auto_explain.log_verbose = on;
ALTER ROLE {OWNER} SET auto_explain.log_parameter_max_length = 0;
ALTER ROLE {OWNER} SET max_parallel_maintenance_workers = 0;
ALTER ROLE {OWNER} SET log_min_messages = fatal;
"""

#: The role that puts rows in, reads them and plans production's statements. It has the owner's
#: rights and switches triggers off, and is no superuser: CHECKs, casts and index expressions of
#: migrations run in its sessions.
VISITOR = "dbs_visitor"

_VISITOR_ROLE = f"""
CREATE ROLE {VISITOR} LOGIN NOSUPERUSER BYPASSRLS;
GRANT {OWNER}, pg_read_all_data TO {VISITOR};
GRANT SET ON PARAMETER session_replication_role TO {VISITOR};
ALTER ROLE {VISITOR} SET statement_timeout = '10s';
ALTER ROLE {VISITOR} SET lock_timeout = '10s'
"""

#: For a superuser where code of migrations lies about: it calls none of theirs by mistake (manual,
#: "Writing SECURITY DEFINER Functions Safely" on search_path) and runs no event trigger.
_CAREFUL = "-c search_path=pg_catalog -c event_triggers=off"

_SIZES = """
INSERT INTO dbs_twin.sizes
SELECT c.oid, c.reltuples FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.oid >= 16384 AND c.reltuples > 0
  AND n.nspname NOT IN ('dbs_twin', 'pg_toast', 'pg_catalog', 'information_schema');
UPDATE pg_class SET relpages = 1 WHERE oid IN (SELECT relation FROM dbs_twin.sizes)
"""


#: What a database does without whose effects nobody asks for.
_UNNOTED = f"""
ALTER EVENT TRIGGER dbs_twin_commands DISABLE;
ALTER EVENT TRIGGER dbs_twin_drops DISABLE;
ALTER EVENT TRIGGER dbs_twin_rewrites DISABLE;
ALTER ROLE {OWNER} IN DATABASE {{database}} SET auto_explain.log_min_duration = -1;
"""

#: What observe() does after each statement: nothing is noted, tables have production's rows.
_SETTLED = """
TRUNCATE dbs_twin.events;
UPDATE pg_class c SET reltuples = s.tuples, relpages = 1
FROM dbs_twin.sizes s
WHERE c.oid = s.relation AND (c.reltuples <> s.tuples OR c.relpages <> 1)
"""

_FILES = """
SELECT pg_relation_filepath(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.oid >= 16384 AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('dbs_twin', 'pg_toast')
"""

_USED = "SELECT 1 FROM pg_stat_activity WHERE datname = %s"

#: How long a closed session may take to end.
ENDING_SECONDS = 1.0


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
        return self.cluster.connect(database, options=_CAREFUL)

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
            _create(admin, name, template or self.template)
            self._configure(admin, name)
        try:
            yield name
        finally:
            if not stays:
                _drop(self.cluster, name)

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

    def settle(self, database: str) -> None:
        """Bring a database in which migrations ran unobserved to where an observer leaves it."""
        with self.admin(database) as admin:
            admin.execute(_SETTLED)
            _lengthen(self.cluster, admin.execute(_FILES).fetchall())

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
            _ensure_role(admin)
            if snapshot is not None:
                make_tablespaces(admin, snapshot.catalogue, OWNER)
            _create(admin, stage.template, "template0", owner=OWNER)
        if cluster is not None and not stays:
            stack.callback(_drop, server, stage.template)
        with server.connect(stage.template) as connection:
            stage.left_out = _load(connection, snapshot, scale)
            _set_pages(server, connection)
        if cluster is None:
            limit = stage.statement_seconds
            stack.enter_context(guarded(server, (OWNER,), limit, whole=(VISITOR,)))
        stage.settings = session_settings(snapshot)
        stage.ready_ms = (time.perf_counter() - started) * 1000
        yield stage


def _load(connection: Connection, snapshot: Snapshot | None, scale: float) -> tuple[str, ...]:
    connection.execute(f"ALTER SCHEMA public OWNER TO {OWNER}")
    install_stand_ins(connection)  # also for what the migrations themselves create
    left_out: tuple[str, ...] = ()
    if snapshot is not None:
        left_out = load_schema(connection, snapshot.catalogue, owner=OWNER)
        left_out += restore_statistics(connection, snapshot, scale)
    install(connection)
    return left_out


def _set_pages(cluster: Cluster, connection: Connection) -> None:
    """Give every table that has rows in production one page, which stands for all."""
    connection.execute(_SIZES)
    paths = connection.execute("SELECT pg_relation_filepath(relation) FROM dbs_twin.sizes")
    _lengthen(cluster, paths.fetchall())


def _lengthen(cluster: Cluster, paths: Iterable[tuple[str]]) -> None:
    for (path,) in paths:
        file = data_file(cluster.data, path)
        if file.stat().st_size == 0:
            with file.open("r+b") as opened:
                opened.truncate(8192)


def _ensure_role(admin: Connection) -> None:
    if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (OWNER,)).fetchone():
        admin.execute(_ROLE)
        admin.execute(_VISITOR_ROLE)


def _create(admin: Connection, name: str, template: str, owner: str = OWNER) -> None:
    _wait_until_unused(admin, template)
    # A copy of files is faster than one through the WAL where nothing is synced to disk.
    admin.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY").format(
            sql.Identifier(name), sql.Identifier(template), sql.Identifier(owner)
        )
    )


def _wait_until_unused(admin: Connection, database: str) -> None:
    """Wait for sessions that are ending; CREATE DATABASE looks for them every 0.1 s only."""
    deadline = time.monotonic() + ENDING_SECONDS
    while time.monotonic() < deadline and admin.execute(_USED, (database,)).fetchone():
        time.sleep(0.001)


def _drop(cluster: Cluster, name: str) -> None:
    with cluster.connect() as admin:
        admin.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )


#: Settings that decide what a migration's statements do or how long they wait.
_SESSION_SETTINGS = (
    "TimeZone",
    "lock_timeout",
    "statement_timeout",
    "idle_in_transaction_session_timeout",
    "search_path",
    "DateStyle",
    "IntervalStyle",
    "standard_conforming_strings",
    "check_function_bodies",
)


def session_settings(snapshot: Snapshot | None) -> dict[str, str]:
    """Return the session settings that production gives the role that owns its tables."""
    if snapshot is None:
        return {}
    found = dict(snapshot.settings)
    owners = [item.attributes.get("owner", "") for item in snapshot.catalogue.of_kind("table")]
    owner = max(set(owners), key=owners.count) if owners else ""
    for place in ("*@*", f"*@{snapshot.database}", f"{owner}@*", f"{owner}@{snapshot.database}"):
        found.update(snapshot.role_settings.get(place, {}))
    return {name: found[name] for name in _SESSION_SETTINGS if name in found}
