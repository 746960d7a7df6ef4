"""Compatibility: statements of the application, planned by the engine before and after.

The code that runs while a migration is deployed is the old code. A statement that the engine
could plan before and cannot after, or that would now put NULL into a column that refuses it,
is broken by the migration.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.query_plans import relation_of
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.effects import EngineError
from dbspecialist.facts.walked import Broken
from dbspecialist.facts.workload import WorkloadStatement

Connection = psycopg.Connection[tuple[Any, ...]]

NOT_NULL_VIOLATION = "23502"
#: The heaviest statements; those below them are not looked at.
MOST = 500

_PLANNED = ("select", "insert", "update", "delete", "merge", "with", "values", "table")


class OldCode:
    """The application's statements that worked so far.

    Args:
        connection: A superuser's, to the stage's database.
        workload: The statements, heaviest first.
        search_path: The application's search path, or "".
    """

    def __init__(
        self, connection: Connection, workload: Iterable[WorkloadStatement], search_path: str = ""
    ) -> None:
        self._connection = connection
        self._search_path = search_path
        wanted = [
            item for item in workload if item.query.lstrip(" (\n").lower()[:6].startswith(_PLANNED)
        ]
        self.working: list[WorkloadStatement] = []
        self.unplanned = 0
        for item in wanted[:MOST]:
            if isinstance(self._plan(item.query), EngineError):
                self.unplanned += 1
            else:
                self.working.append(item)

    def broken_by(self, after: Catalogue) -> tuple[Broken, ...]:
        """Return the statements that worked before and fail now; they are not tried again.

        Args:
            after: The catalogue as it is now.
        """
        required = _required_columns(after)
        broken = []
        for item in self.working:
            plan = self._plan(item.query)
            error = plan if isinstance(plan, EngineError) else _refused_null(plan, required)
            if error is not None:
                broken.append(Broken(item, error))
        gone = {found.statement.query for found in broken}
        self.working = [item for item in self.working if item.query not in gone]
        return tuple(broken)

    def _plan(self, query: str) -> Mapping[str, Any] | EngineError:
        """Plan a statement with parameters left open (PostgreSQL 16: GENERIC_PLAN)."""
        try:
            with self._connection.transaction():
                if self._search_path:
                    self._connection.execute(
                        "SELECT set_config('search_path', %s, true)", (self._search_path,)
                    )
                row = self._connection.execute(
                    f"EXPLAIN (GENERIC_PLAN, VERBOSE, FORMAT JSON) {query}".encode(), prepare=False
                ).fetchone()
        except psycopg.Error as error:
            return EngineError(error.sqlstate or "", error.diag.message_primary or str(error))
        told = row[0] if row else []
        plans: list[Mapping[str, Any]] = json.loads(told) if isinstance(told, str) else told
        return plans[0]["Plan"]  # type: ignore[no-any-return]


def model_statements(models: Catalogue) -> tuple[WorkloadStatement, ...]:
    """Return what an ORM sends for mapped classes: a SELECT and an INSERT of all columns each.

    Args:
        models: The catalogue that the models' metadata creates.
    """
    found = []
    for table in models.of_kind("table", "partitioned table"):
        columns = list(models.parts_of(table.name, "column"))
        named = [item.name.rpartition(f"{table.name}.")[2] for item in columns]
        found.append(f"SELECT {', '.join(named)} FROM {table.name}")
        given = [
            (name, item.attributes["type"])
            for name, item in zip(named, columns, strict=True)
            if not {"generated", "identity"} & set(item.attributes)
        ]
        values = ", ".join(f"${number}::{kind}" for number, (_, kind) in enumerate(given, 1))
        listed = ", ".join(name for name, _ in given)
        found.append(f"INSERT INTO {table.name} ({listed}) VALUES ({values})")
    return tuple(WorkloadStatement(query, source="models") for query in found)


def _is_planned(query: str) -> bool:
    return query.lstrip(" (\n").lower().startswith(_PLANNED)


def _required_columns(catalogue: Catalogue) -> dict[str, list[tuple[str, bool]]]:
    """Return by table its columns in order, and whether each refuses NULL."""
    found: dict[str, list[tuple[str, bool]]] = {}
    for item in catalogue.of_kind("column"):
        found.setdefault(item.parent, []).append(
            (item.name.rpartition(".")[2], item.attributes.get("not_null") == "true")
        )
    return found


def _refused_null(
    plan: Mapping[str, Any], required: Mapping[str, list[tuple[str, bool]]]
) -> EngineError | None:
    """Find a NULL that an INSERT puts into a column that refuses it.

    The planner writes the columns that a statement leaves out, and that have no default, as
    `NULL::type` into the row it makes; dropped columns too, so these rows are passed over.
    """
    if plan.get("Node Type") != "ModifyTable" or plan.get("Operation") != "Insert":
        return None
    table = relation_of(plan)
    columns = required.get(table, [])
    for child in plan.get("Plans", ()):
        row = [text for text in child.get("Output", ()) if text != "NULL::integer"]
        whole = child.get("Output", ())
        made = whole if len(whole) == len(columns) else row
        if len(made) != len(columns):
            continue
        for (name, refuses), text in zip(columns, made, strict=True):
            if refuses and text.startswith("NULL::"):
                told = f"it leaves out column {name} of {table}, which is NOT NULL without default"
                return EngineError(NOT_NULL_VIOLATION, told)
    return None
