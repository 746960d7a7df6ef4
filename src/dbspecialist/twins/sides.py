"""Two schemas on one throwaway server, a database each, to be led from one to the other."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from dbspecialist.engines.postgresql.script import ScriptStatement
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.statistics import ColumnStatistics
from dbspecialist.twins.cluster import Cluster, start_cluster
from dbspecialist.twins.guard import guarded
from dbspecialist.twins.load import load_schema
from dbspecialist.twins.loader import CAREFUL, DENIED, LOADER, Maker, join_roles
from dbspecialist.twins.mending import quoted
from dbspecialist.twins.scripts import STATEMENT_SECONDS, run_script, script_session
from dbspecialist.twins.stand_ins import install_stand_ins

Connection = psycopg.Connection[tuple[Any, ...]]

#: The role that runs .sql files and owns what they give no owner; it is no superuser.
RUNNER = "dbs_runner"

_numbers = itertools.count()

#: What the script runs with: every name in it is qualified.
_SESSION = "SET search_path = ''; SET check_function_bodies = off; SET client_min_messages = error"

_OWNER = """
SELECT r.rolname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_roles r ON r.oid = c.relowner
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^(pg_|information_schema$)'
  AND NOT r.rolsuper AND r.rolname !~ '^pg_'
GROUP BY r.rolname ORDER BY count(*) DESC, r.rolname LIMIT 1
"""


class Sides:
    """A server with a database for each schema; made by `open_sides`."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.notes: list[str] = []
        self.given: dict[str, Catalogue] = {}
        self.versions: dict[str, int] = {}
        self.statistics: dict[str, Mapping[tuple[str, str], ColumnStatistics]] = {}
        self._made: list[str] = []

    def connect(self, database: str) -> Connection:
        """Connect as a superuser who reads catalogues and runs nothing of the schemas."""
        return self.cluster.connect(database, options=CAREFUL)

    def empty(self) -> str:
        """Make an empty database and return its name."""
        return self._create("template0")

    def copy(self, database: str) -> str:
        """Make a copy of a database that nobody is connected to."""
        return self._create(database)

    def of_script(self, statements: Sequence[ScriptStatement], file: Path) -> str:
        """Make a database by running a .sql file; roles that it names are made.

        Raises:
            InputError: At the first statement that the engine refuses.
        """
        database = self.empty()
        with self.connect(database) as connection:
            install_stand_ins(connection)
            self.notes += run_script(connection, statements, file, RUNNER)
        return database

    def of_catalogue(self, catalogue: Catalogue, version: int | None = None) -> str:
        """Make a database from a snapshot's catalogue, noting what it does not hold.

        Args:
            catalogue: The objects.
            version: The version of a server that it stands for.
        """
        database = self.empty()
        with self.connect(database) as connection:
            self.notes += load_schema(connection, catalogue, owner=RUNNER)
        self.given[database] = catalogue
        if version:
            self.versions[database] = version
        return database

    def run(self, database: str, statements: Sequence[str]) -> str:
        """Run statements one by one; return "" or what the engine said to the one it refused."""
        with self.connect(database) as admin, _runners(admin) as runners:
            for number, statement in enumerate(statements, 1):
                error = _refusal(runners, statement)
                if error is not None:
                    reason = error.diag.message_primary or str(error)
                    return f"statement {number} ({statement.splitlines()[0]}): {reason}"
        return ""

    def run_together(self, database: str, statements: Sequence[str]) -> tuple[int, str]:
        """Run statements in one transaction, or those before the first that is refused there.

        What only a superuser makes is made between two transactions.

        Returns:
            How many ran, and what the engine said to the next, or "".
        """
        done = 0
        with self.connect(database) as admin, script_session(admin, _main_owner(admin)) as maker:
            while refused := _refused_together(maker.session, statements[done:]):
                _refused_together(maker.session, statements[done : done + refused[0]])
                done += refused[0]
                if refused[1].sqlstate != DENIED or maker.make(statements[done]) is not None:
                    return done, refused[1].diag.message_primary or str(refused[1])
                done += 1
        return len(statements), ""

    def url_of_owner(self, database: str) -> str:
        """Return a URL of a database whose sessions have the role that owns most tables."""
        with self.connect(database) as admin:
            owner = _main_owner(admin)
            join_roles(admin, owner)
            if owner != RUNNER:
                admin.execute(f"GRANT {quoted(owner)} TO {RUNNER}")
            # The owner of a database may create in its `public`.
            admin.execute(
                f"ALTER DATABASE {database} OWNER TO {quoted(owner)};"
                f" ALTER ROLE {RUNNER} IN DATABASE {database} SET role = {quoted(owner)}"
            )
        return self.cluster.url(database, RUNNER)

    def dump(self, database: str) -> str:
        """Write a database's schema with pg_dump."""
        command = [self.cluster.installation.program("pg_dump"), "--schema-only"]
        done = subprocess.run(
            [*command, "--dbname", self.cluster.url(database)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PGOPTIONS": CAREFUL},  # a login trigger is not run
        )
        return done.stdout

    def drop_all(self) -> None:
        """Drop the databases, for a server that goes on."""
        with self.cluster.connect() as admin:
            for name in self._made:
                admin.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
                )

    def _create(self, template: str) -> str:
        name = f"side_{next(_numbers)}"
        with self.cluster.connect() as admin:
            admin.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY").format(
                    *map(sql.Identifier, (name, RUNNER, template))
                )
            )
        self._made.append(name)
        return name


@contextlib.contextmanager
def _runners(admin: Connection) -> Iterator[tuple[Maker, ...]]:
    """Open the sessions that statements are tried in, one after the other.

    The first is that of the role that owns most tables, as who runs the script in production is.
    """
    names = dict.fromkeys((_main_owner(admin), RUNNER))
    with contextlib.ExitStack() as stack:
        found = tuple(stack.enter_context(script_session(admin, name)) for name in names)
        for maker in found:
            maker.session.execute(_SESSION)
        yield found


def _main_owner(admin: Connection) -> str:
    row = admin.execute(_OWNER).fetchone()
    return str(row[0]) if row else RUNNER


def _refusal(runners: Sequence[Maker], statement: str) -> psycopg.Error | None:
    """Run a statement in the first session that may; return what the last one is told."""
    error = None
    for maker in runners:
        error = maker.make(statement)
        if error is None or error.sqlstate != DENIED:
            return error
    return error


def _refused_together(
    connection: Connection, statements: Sequence[str]
) -> tuple[int, psycopg.Error] | None:
    """Run statements in one transaction; return the number of the refused one and why."""
    number = 0
    try:
        with connection.transaction():
            for number, statement in enumerate(statements):  # noqa: B007
                connection.execute(statement.encode(), prepare=False)
    except psycopg.Error as error:
        return number, error
    return None


@contextlib.contextmanager
def open_sides(cluster: Cluster | None = None) -> Iterator[Sides]:
    """Start a server for two schemas, or use one that runs and drop there what was made."""
    with contextlib.ExitStack() as stack:
        sides = Sides(cluster or stack.enter_context(start_cluster()))
        if cluster is not None:
            stack.callback(sides.drop_all)
        else:  # a file says for how long its statements may run
            stack.enter_context(guarded(sides.cluster, (LOADER, RUNNER), STATEMENT_SECONDS))
        with sides.cluster.connect() as admin:
            there = admin.execute("SELECT FROM pg_roles WHERE rolname = %s", [RUNNER]).fetchone()
            if there is None:
                admin.execute(
                    f"CREATE ROLE {RUNNER} LOGIN CREATEROLE CREATEDB BYPASSRLS;"
                    f" ALTER ROLE {RUNNER} SET event_triggers = off"
                )
        yield sides
