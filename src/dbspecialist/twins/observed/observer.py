"""Observers: the record of what every statement sent to a twin did."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.observed.known_relations import KnownRelations
from dbspecialist.twins.observed.proxy import Proxy
from dbspecialist.twins.observed.session_observer import SessionObserver
from dbspecialist.twins.observed.spare import SpareConnections
from dbspecialist.twins.observed.translation import Translation
from dbspecialist.twins.observed.watchdog import Watchdog

#: A statement that takes longer than this on an (almost) empty twin does not end by itself.
STATEMENT_SECONDS = 20.0

_ADMIT = "INSERT INTO dbs_twin.keys VALUES (sha256(convert_to(%s, 'UTF8')))"


@dataclass(frozen=True, slots=True)
class Observed:
    """One statement's effects and whose statement it was (see `toolchains.base.Mark`)."""

    mark: Any
    effects: StatementEffects


class Observer:
    """Records the effects of every statement that goes through its proxy.

    Args:
        admin: Opens a superuser's connection to the observed database.
        cluster: The server.
        database: The observed database.
        user: The role that clients get.
        statement_seconds: After how long a statement is stopped and called `unchecked`.
        effects: Whether to ask what each statement did; if not, its tags and its error are all
            that is recorded, and it runs as it came.
        production: The name that migrations know the database by, or "".
    """

    def __init__(
        self,
        admin: Callable[[], psycopg.Connection[tuple[Any, ...]]],
        *,
        cluster: Cluster,
        database: str,
        user: str,
        statement_seconds: float = STATEMENT_SECONDS,
        effects: bool = True,
        production: str = "",
    ) -> None:
        self.admin, self.data = admin, cluster.data
        self.effects = effects
        self.translation = Translation(admin, database, production, user)
        self.watchdog = Watchdog(statement_seconds, admin)
        self.connection = admin()
        self.spare = SpareConnections(admin)
        self.key = secrets.token_hex(16)
        self.connection.execute(_ADMIT, [self.key])
        self.relations = KnownRelations(self.connection, columns=effects)
        self.current: Any = None
        self.record: list[Observed] = []
        self.lock = threading.Lock()
        self.transactions = 0
        self.proxy = Proxy(cluster.socket, database, user, lambda: SessionObserver(self))

    @property
    def url(self) -> str:
        """The libpq URL whose statements are observed."""
        return self.proxy.url

    def mark(self, mark: Any) -> None:
        """Say whose statements come next."""
        with self.lock:
            self.current = mark

    def take(self) -> list[Observed]:
        """Return what was recorded since the last call."""
        with self.lock:
            taken, self.record = self.record, []
        return taken

    def add(self, effects: StatementEffects) -> None:
        """Record a statement under the current mark."""
        with self.lock:
            line = getattr(self.current, "line", None)
            self.record.append(Observed(self.current, replace(effects, line=line)))

    def close(self) -> None:
        """End all observed sessions."""
        self.watchdog.close()
        self.proxy.close()
        self.spare.close()
        self.connection.close()
