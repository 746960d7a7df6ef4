"""The statements of a backfill's batches, with `$1` and so on for the values of keys."""

from __future__ import annotations

from collections.abc import Sequence

from dbspecialist.facts.backfill import BackfillPlan, Key


class Bounds:
    """Conditions on the key, and the values for their parameters.

    A comparison of rows is one range of the primary key's index (PostgreSQL manual, "Row
    Constructor Comparison").
    """

    def __init__(self, plan: BackfillPlan) -> None:
        self.plan = plan
        self.values: list[str] = []

    def compare(self, operator: str, key: Key | None) -> str:
        """Return the condition that the key compares so with the given one."""
        if key is None:
            return "true"
        first = len(self.values) + 1
        self.values += key
        given = (f"${first + n}::{item.type}" for n, item in enumerate(self.plan.key))
        columns = [f"{self.plan.alias}.{item.name}" for item in self.plan.key]
        if len(columns) == 1:
            return f"{columns[0]} {operator} {next(given)}"
        return f"({', '.join(columns)}) {operator} ({', '.join(given)})"

    def between(self, after: Key | None, upper: Key) -> str:
        """Return the condition that the key comes after one and not after another."""
        parts = (self.compare(">", after), self.compare("<=", upper))
        return " AND ".join(part for part in parts if part != "true")


def source(plan: BackfillPlan) -> str:
    """Return the table with the name that the conditions call it by."""
    only = "ONLY " if plan.only else ""
    return f"{only}{plan.relation} AS {plan.alias}"


def key_texts(plan: BackfillPlan) -> str:
    """Return the key's columns as text, as the state table keeps them."""
    return ", ".join(f"{plan.alias}.{item.name}::text" for item in plan.key)


def key_order(plan: BackfillPlan, direction: str = "") -> str:
    """Return the key's columns as ORDER BY takes them."""
    suffix = f" {direction}" if direction else ""
    return ", ".join(f"{plan.alias}.{item.name}{suffix}" for item in plan.key)


Statement = tuple[str, Sequence[str]]


def last_key(plan: BackfillPlan) -> str:
    """Return the query for the last key there is."""
    return (
        f"SELECT {key_texts(plan)} FROM {source(plan)} ORDER BY {key_order(plan, 'DESC')} LIMIT 1"
    )


def bound(plan: BackfillPlan, after: Key | None, upper: Key, rows: int) -> Statement:
    """Return the query for the key at which a batch of so many rows ends."""
    bounds = Bounds(plan)
    where = bounds.between(after, upper)
    query = (
        f"SELECT {key_texts(plan)} FROM {source(plan)} WHERE {where}"
        f" ORDER BY {key_order(plan)} OFFSET {rows - 1} LIMIT 1"
    )
    return query, bounds.values


def update(plan: BackfillPlan, after: Key | None, upper: Key) -> Statement:
    """Return the statement of one batch: the condition is evaluated under the rows' locks."""
    bounds = Bounds(plan)
    where = bounds.between(after, upper)
    condition = f" AND ({plan.condition})" if plan.condition else ""
    query = f"UPDATE {source(plan)} SET {plan.assignments} WHERE {where}{condition}"
    return query, bounds.values


def remaining(plan: BackfillPlan, after: Key | None, upper: Key) -> Statement:
    """Return the query that tells whether a range holds a row that the condition matches."""
    bounds = Bounds(plan)
    where = bounds.between(after, upper)
    condition = f" AND ({plan.condition})" if plan.condition else ""
    return f"SELECT 1 FROM {source(plan)} WHERE {where}{condition} LIMIT 1", bounds.values


def matching(plan: BackfillPlan, after: Key | None, upper: Key) -> Statement:
    """Return the query that counts the rows of a range that the condition matches."""
    bounds = Bounds(plan)
    where = bounds.between(after, upper)
    condition = f" AND ({plan.condition})" if plan.condition else ""
    return f"SELECT count(*) FROM {source(plan)} WHERE {where}{condition}", bounds.values


def keys_between(plan: BackfillPlan, after: Key | None, upper: Key) -> Statement:
    """Return the query that counts the rows of a range."""
    bounds = Bounds(plan)
    return f"SELECT count(*) FROM {source(plan)} WHERE {bounds.between(after, upper)}", (
        bounds.values
    )


def update_row(plan: BackfillPlan, key: Key) -> Statement:
    """Return the statement for one row."""
    bounds = Bounds(plan)
    condition = f" AND ({plan.condition})" if plan.condition else ""
    where = bounds.compare("=", key)
    return f"UPDATE {source(plan)} SET {plan.assignments} WHERE {where}{condition}", bounds.values


def delete_row(plan: BackfillPlan, key: Key) -> Statement:
    """Return the statement that takes one sample row out of a twin."""
    bounds = Bounds(plan)
    return f"DELETE FROM {source(plan)} WHERE {bounds.compare('=', key)}", bounds.values


def copy_row(plan: BackfillPlan, model: Key, key: Key) -> Statement:
    """Return the statement that gives a sample row the values of another in the set columns."""
    bounds = Bounds(plan)
    where, columns = bounds.compare("=", key), ", ".join(plan.targets)
    like = f"SELECT {columns} FROM {source(plan)} WHERE {bounds.compare('=', model)}"
    return f"UPDATE {source(plan)} SET ({columns}) = ({like}) WHERE {where}", bounds.values
