"""Conditions of UPDATEs and DELETEs, held against values that are known without a row.

The planner has no statistics of expressions: of `coalesce(x, 0) = 0` it takes 0.5 % of the rows.
Where all rows hold one value, which the run itself put in, the engine says whether it matches.
Source: PostgreSQL source, selfuncs.h, DEFAULT_EQ_SEL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import psycopg

from dbspecialist.engines.postgresql.identifiers import quoted
from dbspecialist.engines.postgresql.tokens import Token, tokens
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.names import bare
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.proofs.evaluation import Connection, evaluating
from dbspecialist.twins.stage import Stage


def judge_conditions(run: Run, stage: Stage, template: str) -> Run:
    """Return a run whose statements tell how many rows, and which NULLs, conditions reach.

    Args:
        run: What was seen of the migrations.
        stage: Where conditions are evaluated.
        template: The database on it with the types that production has.
    """
    if not any(item.conditions for trial in run.trials for item in trial.statements):
        return run
    with evaluating(stage, template) as connect:
        judge = _Judge(run, connect)
        return replace(run, trials=tuple(judge.trial(trial) for trial in run.trials))


@dataclass(frozen=True)
class _Judge:
    run: Run
    connect: Callable[[], Connection]

    def trial(self, trial: Trial) -> Trial:
        if not any(item.conditions for item in trial.statements):
            return trial
        return replace(
            trial, statements=tuple(self._statement(trial, item) for item in trial.statements)
        )

    def _statement(self, trial: Trial, statement: StatementEffects) -> StatementEffects:
        if not statement.conditions:
            return statement
        rows = {
            name: self._rows(statement, name, count)
            for name, count in statement.rows_modified.items()
        }
        reached = {
            name: tuple(self._reached(trial, statement, name)) for name in statement.conditions
        }
        return replace(
            statement,
            rows_modified=rows,
            # What has a condition is changed by one query, and so in one transaction.
            rows_at_once={
                name: rows[name] if name in statement.conditions else count
                for name, count in statement.rows_at_once.items()
            },
            nulls_reached={name: columns for name, columns in reached.items() if columns},
        )

    def _rows(self, statement: StatementEffects, relation: str, planned: float) -> float:
        """Return all rows or none where a condition is on columns that the run gave one value."""
        condition = statement.conditions.get(relation, "")
        there, state = self.run.at(statement), self.run.state_before(statement)
        if not condition or not there.knows(relation) or there.is_empty(relation):
            return planned
        values = {}
        for column in _columns(condition):
            source = state.source(relation, column)
            if source.value and not source.changed:
                values[column] = source.value
        if not values:
            return planned
        holds = self._holds(condition, values)
        return planned if holds is None else there.rows(relation) * holds

    def _reached(self, trial: Trial, statement: StatementEffects, relation: str) -> Iterator[str]:
        condition = statement.conditions[relation]
        wanted = _becoming_not_null(self.run)
        names = statement.columns_set.get(relation)
        if names is None and statement.tags and statement.tags[0].startswith("DELETE"):
            names = tuple(_columns(condition)) or tuple(wanted)
        for column in names or ():
            if column not in wanted:
                continue
            type_ = self._type(trial, statement, relation, column)
            null = {column: f"CAST(NULL AS {type_})"}
            plain = condition in {"", f"({quoted(column)} IS NULL)"}
            if plain or (type_ and self._holds(condition, null)):
                yield column

    def _type(self, trial: Trial, statement: StatementEffects, relation: str, column: str) -> str:
        origin = self.run.state_before(statement).source(relation, column).origin
        production = self.run.trials[0].before
        known = (
            trial.before.get("column", f"{relation}.{quoted(column)}"),
            trial.after.get("column", f"{relation}.{quoted(column)}"),
            production.get("column", f"{origin[0]}.{quoted(bare(origin[1]))}") if origin else None,
        )
        return next((item.attributes["type"] for item in known if item), "")

    def _holds(self, condition: str, values: Mapping[str, str]) -> bool | None:
        """Evaluate a condition; nothing where it needs more than these values."""
        row = ", ".join(f"{value} AS {quoted(name)}" for name, value in values.items())
        sql = f"SELECT ({condition}) IS TRUE FROM (SELECT {row}) AS row"
        connection = self.connect()
        try:
            with connection.transaction(force_rollback=True):
                connection.execute("SET LOCAL statement_timeout = '1s'")
                found = connection.execute(sql.encode()).fetchone()
        except psycopg.Error:
            return None  # it names another column, or what the migrations make
        return bool(found and found[0])


def _columns(condition: str) -> list[str]:
    """Return the bare words and names of a condition, columns among them."""
    words = (condition[item.start : item.end] for item in _named(condition))
    return list(dict.fromkeys(map(bare, words)))


def _named(condition: str) -> Iterator[Token]:
    return (item for item in tokens(condition, "") if item.kind in {"word", "name"})


def _becoming_not_null(run: Run) -> frozenset[str]:
    """Return the bare names of columns that become NOT NULL, and those that they had before."""
    changes = [
        (change.id, change.before, change.after)
        for trial in run.trials
        for statement in trial.statements
        for change in statement.columns
        if change.before and change.after
    ]
    wanted = {
        id
        for id, before, after in changes
        if before.attributes["not_null"] != "true" == after.attributes["not_null"]
    }
    return frozenset(
        bare(item.name.removeprefix(f"{item.parent}."))
        for id, before, after in changes
        if id in wanted
        for item in (before, after)
    )
