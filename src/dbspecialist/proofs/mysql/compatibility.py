"""Old code on the new schema: statements prepared before a migration and refused after it."""

from __future__ import annotations

from collections.abc import Iterable

from dbspecialist.engines.mysql.driver import Connection, MySQLError, engine_error, execute
from dbspecialist.facts.effects import EngineError
from dbspecialist.facts.walked import Broken
from dbspecialist.facts.workload import WorkloadStatement


class OldCode:
    """The statements of the workload that the engine prepares on the schema as it was.

    Digests have `?` for literals, as PREPARE has for parameters; one that was cut, or that has a
    `...` in it, is refused before and after and says nothing.
    """

    def __init__(self, session: Connection, workload: Iterable[WorkloadStatement]) -> None:
        self._session = session
        self._known = [item for item in workload if self._refusal(item) is None]

    def broken(self) -> tuple[Broken, ...]:
        """Return what the engine refuses now, each once."""
        found = [(item, self._refusal(item)) for item in self._known]
        self._known = [item for item, error in found if error is None]
        return tuple(Broken(item, error) for item, error in found if error is not None)

    def _refusal(self, item: WorkloadStatement) -> EngineError | None:
        text = item.query.replace("\\", "\\\\").replace("'", "''")
        try:
            execute(self._session, f"PREPARE dbs_old FROM '{text}'")
            execute(self._session, "DEALLOCATE PREPARE dbs_old")
        except MySQLError as error:
            return engine_error(self._session, error)
        return None
