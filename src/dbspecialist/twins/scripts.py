"""A .sql file run with its owner's rights: it comes from a pull request as migrations do.

What only a superuser may make is made by `privileged` where its text fits a form. Statements about
roles, members and grants that are refused are left out and said, since they do not make a schema;
anything else that is refused is an error at its line.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.pq import TransactionStatus

from dbspecialist.engines.postgresql.script import ScriptStatement
from dbspecialist.facts.errors import InputError
from dbspecialist.twins.loader import (
    DENIED,
    Connection,
    Maker,
    as_owner,
    join_roles,
    makers,
)
from dbspecialist.twins.mending import quoted
from dbspecialist.twins.privileged import given_to, is_known, normalised

#: After how long a statement of a file is stopped.
STATEMENT_SECONDS = 30.0

#: How often a statement is tried again with a role that it names.
_ROUNDS = 100

_MISSING_ROLE = re.compile(r'role "(.+?)" does not exist')
_ROLE_THERE = re.compile(r'role ".+" already exists')
_NEW_ROLE = re.compile(r'CREATE\s+(?:ROLE|USER|GROUP)\s+([a-z_]\w*|"(?:[^"]|"")+")', re.IGNORECASE)
#: What gives rights and makes nothing of a schema.
_OF_RIGHTS = re.compile(
    r"(?:CREATE|ALTER|DROP|COMMENT\s+ON)\s+(?:ROLE|USER|GROUP)\b|GRANT\b|REVOKE\b"
    r"|ALTER\s+DEFAULT\s+PRIVILEGES\b|ALTER\s+DATABASE\b|COMMENT\s+ON\s+DATABASE\b"
    r"|SECURITY\s+LABEL\b|(?:CREATE|ALTER|COMMENT\s+ON)\s+SUBSCRIPTION\b",
    re.IGNORECASE,
)
_SESSION_USER = re.compile(
    r"SET\s+SESSION\s+AUTHORIZATION\s+(?:'([^']+)'|\"([^\"]+)\"|(\w+))\s*", re.IGNORECASE
)
#: What begins and ends transactions has no place in a subtransaction.
_OF_TRANSACTIONS = re.compile(
    r"(?:BEGIN|START\s+TRANSACTION|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|PREPARE\s+TRANS\w+"
    r"|SET\s+(?:LOCAL\s+)?TRANSACTION)\b",
    re.IGNORECASE,
)


def run_script(
    connection: Connection, statements: Sequence[ScriptStatement], file: Path, owner: str
) -> tuple[str, ...]:
    """Run the statements of a file and return what was left out; rows are passed over.

    Roles that the statements name are made.

    Args:
        connection: A superuser's that is `CAREFUL`, in autocommit mode.
        statements: The file's.
        file: Named in errors.
        owner: A role that is no superuser and owns the database.

    Raises:
        InputError: At the first statement that the engine refuses.
    """
    with script_session(connection, owner) as maker:
        script = _Script(maker, owner, file)
        for statement in statements:
            if statement.data is None:
                script.run(statement)
    return tuple(script.notes)


@contextlib.contextmanager
def script_session(connection: Connection, owner: str) -> Iterator[Maker]:
    """Open a session for the statements of scripts; see `run_script`."""
    with makers(connection), as_owner(connection, owner, path="") as session:
        session.execute(f"SET statement_timeout = '{STATEMENT_SECONDS:.0f}s'")
        join_roles(connection, owner)
        yield Maker(connection, session, owner, is_script=True)


@dataclass
class _Script:
    maker: Maker
    owner: str
    file: Path
    notes: list[str] = field(default_factory=list)
    later: list[tuple[str, ScriptStatement]] = field(default_factory=list)

    def run(self, statement: ScriptStatement) -> None:
        """Run a statement, again with each role that it lacks."""
        text = _with_own_rights(given_to(normalised(statement.sql), self.owner))
        text = text if is_known(text) or text.startswith("SET ROLE ") else statement.sql
        error = self._with_roles(text)
        if error is None:
            pass
        elif error.sqlstate == DENIED and self._is_inside and is_known(text):
            self.later.append((text, statement))  # nobody else sees what is not committed
        elif not self._is_of_rights(text, error, statement.line):
            raise refused(error, statement.path or self.file, statement.line)
        if self.later and not self._is_inside:
            self._catch_up()

    def _catch_up(self) -> None:
        """Run what waited for the end of its transaction."""
        waiting, self.later = self.later, []
        for text, statement in waiting:
            error = self._with_roles(text)
            if error is not None:
                raise refused(error, statement.path or self.file, statement.line)

    @property
    def _is_inside(self) -> bool:
        return self.maker.session.info.transaction_status is TransactionStatus.INTRANS

    def _with_roles(self, text: str) -> psycopg.Error | None:
        """Run a statement; return why it is refused although its roles are there."""
        error = self._attempt(text)
        for _ in range(_ROUNDS):
            missing = _MISSING_ROLE.search(str(error)) if error else None
            if not missing:
                break
            self.maker.admin.execute(f"CREATE ROLE {quoted(missing[1])} NOLOGIN")
            join_roles(self.maker.admin, self.owner)
            error = self._attempt(text)
        if error is not None and error.sqlstate == DENIED:
            # A role that the script has made since may own what it asks for.
            join_roles(self.maker.admin, self.owner)
            error = self._attempt(text)
        return error

    def _attempt(self, text: str) -> psycopg.Error | None:
        if self._is_inside and not _OF_TRANSACTIONS.match(text):
            return _in_subtransaction(self.maker.session, text)
        return self.maker.make(text)

    def _is_of_rights(self, text: str, error: psycopg.Error, line: int) -> bool:
        """Note a statement about rights that is left out; a role is made without them."""
        if _ROLE_THERE.search(str(error)):
            return True  # roles belong to the server, and another schema may have made it
        if error.sqlstate != DENIED or not _OF_RIGHTS.match(text):
            return False
        named = _NEW_ROLE.match(text)
        if named:
            with contextlib.suppress(psycopg.errors.DuplicateObject):
                self.maker.admin.execute(f"CREATE ROLE {named[1]} NOLOGIN".encode())
        self.notes.append(f"{self.file}:{line}: left out ({_reason(error)})")
        return True


def _with_own_rights(text: str) -> str:
    """Take SET SESSION AUTHORIZATION, which is a superuser's, for SET ROLE."""
    found = _SESSION_USER.fullmatch(text)
    if not found:
        return text
    name = found[1] or found[2] or found[3].lower()
    return "SET ROLE DEFAULT" if name in {"postgres", "default"} else f"SET ROLE {quoted(name)}"


def _in_subtransaction(session: Connection, text: str) -> psycopg.Error | None:
    """Run a statement of an open transaction so that its refusal does not end the transaction."""
    session.execute("SAVEPOINT dbs_statement")
    try:
        session.execute(text.encode(), prepare=False)
    except psycopg.Error as error:
        if not session.closed:
            session.execute("ROLLBACK TO SAVEPOINT dbs_statement")
        return error
    session.execute("RELEASE SAVEPOINT dbs_statement")
    return None


def refused(error: psycopg.Error, file: Path, line: int) -> InputError:
    """Say what the engine has against a statement of a file."""
    where, said = f"{file}:{line}", _reason(error)
    if isinstance(error, psycopg.errors.QueryCanceled | psycopg.errors.AdminShutdown):
        return InputError(
            "the statement did not end in time", where, f"it has {STATEMENT_SECONDS:.0f} s"
        )
    if error.sqlstate == DENIED:
        return InputError(
            f"the engine refuses it: {said}",
            where,
            "leave out what needs a superuser: the file is run without such rights",
        )
    return InputError(f"the engine refuses it: {said}", where, "mend the statement")


def _reason(error: psycopg.Error) -> str:
    return error.diag.message_primary or str(error)
