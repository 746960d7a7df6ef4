"""Old code on the new schema: statements compiled before a migration and refused after it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from dbspecialist.engines.sqlite.connection import Session, engine_error
from dbspecialist.facts.effects import EngineError
from dbspecialist.facts.walked import Broken
from dbspecialist.facts.workload import WorkloadStatement


class OldCode:
    """The statements of the workload that SQLite compiles on the schema as it was."""

    def __init__(self, session: Session, workload: Iterable[WorkloadStatement]) -> None:
        self._session = session
        self._known = [item for item in workload if self._refusal(item) is None]

    def broken(self) -> tuple[Broken, ...]:
        """Return what SQLite refuses now."""
        found = [(item, self._refusal(item)) for item in self._known]
        return tuple(Broken(item, error) for item, error in found if error is not None)

    def _refusal(self, item: WorkloadStatement) -> EngineError | None:
        try:
            self._session.execute(f"EXPLAIN {item.query}")
        except sqlite3.ProgrammingError:
            return None  # it compiles, and its parameters were not given
        except sqlite3.Error as error:
            return engine_error(error)
        return None
