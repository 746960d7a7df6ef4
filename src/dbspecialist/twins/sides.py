"""Two schemas on one throwaway server, a database each, to be led from one to the other."""

from __future__ import annotations

import contextlib
import itertools
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from dbspecialist.engines.postgresql.script import ScriptStatement
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.errors import InputError
from dbspecialist.twins.cluster import Cluster, start_cluster
from dbspecialist.twins.load import load_schema
from dbspecialist.twins.mending import quoted
from dbspecialist.twins.stand_ins import install_stand_ins

Connection = psycopg.Connection[tuple[Any, ...]]

#: The role that runs .sql files and owns what they give no owner.
RUNNER = "dbs_runner"

#: After how long a statement of a file is stopped.
STATEMENT_SECONDS = 30.0

_MISSING_ROLE = re.compile(r'role "(.+?)" does not exist')
_ROLE_THERE = re.compile(r'role ".+" already exists')

_numbers = itertools.count()

#: What the script runs with: every name in it is qualified.
_SESSION = "SET search_path = ''; SET check_function_bodies = off; SET client_min_messages = error"

_OWNER = """
SELECT pg_get_userbyid(c.relowner) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^(pg_|information_schema$)'
  AND pg_get_userbyid(c.relowner) !~ '^pg_'
GROUP BY c.relowner ORDER BY count(*) DESC, c.relowner LIMIT 1
"""


class Sides:
    """A server with a database for each schema; made by `open_sides`."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.notes: list[str] = []
        self.given: dict[str, Catalogue] = {}
        self.versions: dict[str, int] = {}
        self._made: list[str] = []

    def connect(self, database: str) -> Connection:
        """Connect as the superuser who runs scripts."""
        return self.cluster.connect(database)

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
            connection.execute(
                f"SET ROLE {RUNNER}; SET statement_timeout = '{STATEMENT_SECONDS:.0f}s'"
            )
            for statement in statements:
                if statement.data is not None:
                    continue  # rows are no part of a schema
                self._run_given(connection, statement, file)
        return database

    def of_catalogue(self, catalogue: Catalogue, version: int | None = None) -> str:
        """Make a database from a snapshot's catalogue, noting what it does not hold.

        Args:
            catalogue: The objects.
            version: The version of a server that it stands for.
        """
        database = self.empty()
        with self.connect(database) as connection:
            self.notes += load_schema(connection, catalogue)
        self.given[database] = catalogue
        if version:
            self.versions[database] = version
        return database

    def run(self, database: str, statements: Sequence[str]) -> str:
        """Run statements one by one; return "" or what the engine said to the one it refused."""
        with self.connect(database) as connection:
            connection.execute(_SESSION)
            self._become_owner(connection)
            for number, statement in enumerate(statements, 1):
                try:
                    connection.execute(statement.encode(), prepare=False)
                except psycopg.Error as error:
                    reason = error.diag.message_primary or str(error)
                    return f"statement {number} ({statement.splitlines()[0]}): {reason}"
        return ""

    def run_together(self, database: str, statements: Sequence[str]) -> tuple[int, str]:
        """Run statements in one transaction, or those before the first that is refused there.

        Returns:
            How many ran, and what the engine said to the next, or "".
        """
        with self.connect(database) as connection:
            self._become_owner(connection)
            refused = _refused_together(connection, statements)
            if refused and refused[0]:
                _refused_together(connection, statements[: refused[0]])
        return refused or (len(statements), "")

    def url_of_owner(self, database: str) -> str:
        """Return a URL of a database whose sessions have the role that owns most tables."""
        with self.connect(database) as connection:
            owner = self._become_owner(connection)
            connection.execute(
                f"RESET ROLE; ALTER ROLE {RUNNER} IN DATABASE {database} SET role = {owner}"
            )
        return self.cluster.url(database, RUNNER)

    def _become_owner(self, connection: Connection) -> str:
        """Take the role that owns most tables, as whoever runs the script in production does."""
        row = connection.execute(_OWNER).fetchone()
        owner = quoted(row[0]) if row else RUNNER
        connection.execute(f"ALTER ROLE {owner} SUPERUSER")
        connection.execute(f"SET ROLE {owner}")
        return owner

    def dump(self, database: str) -> str:
        """Write a database's schema with pg_dump."""
        command = [self.cluster.installation.program("pg_dump"), "--schema-only"]
        done = subprocess.run(
            [*command, "--dbname", self.cluster.url(database)],
            capture_output=True,
            text=True,
            check=True,
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
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        self._made.append(name)
        return name

    def _run_given(self, connection: Connection, statement: ScriptStatement, file: Path) -> None:
        place = statement.path or file
        for _ in range(100):
            try:
                connection.execute(statement.sql.encode(), prepare=False)
                return
            except psycopg.errors.UndefinedObject as error:
                missing = _MISSING_ROLE.search(str(error))
                if not missing:
                    raise refused(error, place, statement.line) from error
                connection.execute(f"CREATE ROLE {quoted(missing[1])}")
            except psycopg.Error as error:
                # The other side may have made the role: roles belong to the server.
                if _ROLE_THERE.search(str(error)):
                    return
                raise refused(error, place, statement.line) from error


def _refused_together(connection: Connection, statements: Sequence[str]) -> tuple[int, str] | None:
    """Run statements in one transaction; return the number of the refused one and why."""
    number = 0
    try:
        with connection.transaction():
            for number, statement in enumerate(statements):  # noqa: B007
                connection.execute(statement.encode(), prepare=False)
    except psycopg.Error as error:
        return number, error.diag.message_primary or str(error)
    return None


def refused(error: psycopg.Error, file: Path, line: int) -> InputError:
    """Say what the engine has against a statement of a file."""
    said = error.diag.message_primary or str(error)
    return InputError(f"the engine refuses it: {said}", f"{file}:{line}", "mend the statement")


@contextlib.contextmanager
def open_sides(cluster: Cluster | None = None) -> Iterator[Sides]:
    """Start a server for two schemas, or use one that runs and drop there what was made."""
    with contextlib.ExitStack() as stack:
        sides = Sides(cluster or stack.enter_context(start_cluster()))
        if cluster is not None:
            stack.callback(sides.drop_all)
        with sides.cluster.connect() as admin:
            there = admin.execute("SELECT FROM pg_roles WHERE rolname = %s", [RUNNER]).fetchone()
            if there is None:
                admin.execute(f"CREATE ROLE {RUNNER} SUPERUSER LOGIN")
        yield sides
