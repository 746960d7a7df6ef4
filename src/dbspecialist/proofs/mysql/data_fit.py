"""Data fit: what statements need of production's rows, and the queries that decide it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from dbspecialist.engines.mysql.names import in_sql, parts, quoted
from dbspecialist.engines.mysql.tags import DML
from dbspecialist.facts.catalogue import Difference, SchemaObject
from dbspecialist.facts.data_fit import Claim, ClaimKind
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.trial import Run, Trial

_KEY_PART = re.compile(r"(?P<name>.*?)(?:\((?P<length>\d+)\))?\Z", re.DOTALL)
_TEXT = re.compile(r"(?:var)?(?:char|binary)\((\d+)\)")
_WHOLE = re.compile(r"(tinyint|smallint|mediumint|int|bigint)\b(?:\(\d+\))?(.*)")
_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_VALUES = re.compile(r"'(?:[^']|'')*'")


def claims_of(run: Run) -> tuple[Claim, ...]:
    """Return what the statements of a run need of the rows of production's tables."""
    found = [
        replace(claim, obstacle=_obstacle(run, trial, statement, claim))
        for trial in run.trials
        for statement in trial.statements
        if not statement.error
        for change in statement.changes
        for claim in _claims(run, trial, statement, change)
        if not run.is_empty(claim.relation)
    ]
    return tuple(dict.fromkeys(found))


def _claims(
    run: Run, trial: Trial, statement: StatementEffects, change: Difference
) -> Iterator[Claim]:
    index, revision = trial.place(statement), trial.migration.revision
    before, after = change.before, change.after
    if after is None:
        return
    if after.kind == "column" and before is not None:
        found = _of_column(run, before, after)
    elif before is not None and "columns" not in change.changed:
        return
    elif after.kind == "index" and after.attributes["kind"] != "index":
        found = iter(() if _was_there(trial, after) else (_of_unique(run, after),))
    elif after.kind == "constraint" and before is None:
        is_key = after.attributes["kind"] == "foreign key"
        found = iter((_of_reference(run, after) if is_key else _of_check(run, after),))
    else:
        return
    for claim in found:
        yield replace(claim, revision=revision, index=index)


def _of_column(run: Run, before: SchemaObject, after: SchemaObject) -> Iterator[Claim]:
    table, name = after.parent, parts(after.name)[-1]
    column = quoted(name)
    if (before.attributes["nullable"], after.attributes["nullable"]) == ("YES", "NO"):
        text = f"no row of {table} is NULL in {name}"
        yield _claim(run, "not null", text, after, f"{column} IS NULL", name)
    old, new = before.attributes["type"], after.attributes["type"]
    misfit = _outside(column, old, new) if old != new else ""
    if misfit:
        kind: ClaimKind = "enum" if new.startswith("enum") else "type"
        yield _claim(run, kind, f"every {name} of {table} fits {new}", after, misfit, name)


def _outside(column: str, old: str, new: str) -> str:
    """Return the condition on values that the new type does not hold, where it is known."""
    if new.startswith("enum") and old.startswith("enum"):
        gone = [item for item in _VALUES.findall(old) if item not in _VALUES.findall(new)]
        return f"{column} IN ({', '.join(gone)})" if gone else ""
    if (found := _TEXT.match(new)) and not old.startswith(("enum", "set")):
        return f"char_length({column}) > {found[1]}"
    if (found := _WHOLE.match(new)) and _WHOLE.match(old):
        bits = _BITS[found[1]]
        low = 0 if "unsigned" in found[2] else -(1 << (bits - 1))
        return f"{column} NOT BETWEEN {low} AND {low + (1 << bits) - 1}"
    return ""


def _of_unique(run: Run, index: SchemaObject) -> Claim:
    keys = [_KEY_PART.match(item) for item in index.attributes["columns"].split(", ")]
    names = tuple(str(item["name"]) for item in keys if item)
    columns = ", ".join(
        f"left({quoted(item['name'])}, {item['length']})"
        if item["length"]
        else quoted(item["name"])
        for item in keys
        if item
    )
    filled = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in names)
    table = _table(run, index.parent)
    return Claim(
        "unique",
        f"no two rows of {index.parent} are equal in {', '.join(names)}",
        index.name,
        index.parent,
        names,
        f"SELECT {columns} FROM {table} WHERE {filled} GROUP BY {columns} "
        "HAVING count(*) > 1 LIMIT 1",
        reads=(index.parent,),
    )


def _of_reference(run: Run, key: SchemaObject) -> Claim:
    given = key.attributes
    parent = given["references"]
    names = tuple(given["columns"].split(", "))
    pairs = list(zip(names, given["referenced_columns"].split(", "), strict=True))
    joined = " AND ".join(f"p.{quoted(there)} = c.{quoted(here)}" for here, there in pairs)
    filled = " AND ".join(f"c.{quoted(name)} IS NOT NULL" for name in names)
    return Claim(
        "references",
        f"each row of {key.parent} has its row in {parent} by {', '.join(names)}",
        key.name,
        key.parent,
        names,
        f"SELECT {', '.join(f'c.{quoted(name)}' for name in names)} "
        f"FROM {_table(run, key.parent)} c LEFT JOIN {_table(run, parent)} p ON {joined} "
        f"WHERE {filled} AND p.{quoted(pairs[0][1])} IS NULL LIMIT 1",
        reads=(key.parent, parent),
    )


def _of_check(run: Run, check: SchemaObject) -> Claim:
    expression = check.attributes["expression"]
    text = f"every row of {check.parent} passes {expression}"
    return _claim(run, "check", text, check, f"NOT ({expression})")


def _claim(
    run: Run, kind: ClaimKind, text: str, item: SchemaObject, misfit: str, *columns: str
) -> Claim:
    shown = ", ".join(map(quoted, columns)) or "1"
    query = f"SELECT {shown} FROM {_table(run, item.parent)} WHERE {misfit} LIMIT 1"
    return Claim(kind, text, item.name, item.parent, columns, query, misfit, (item.parent,))


def _table(run: Run, relation: str) -> str:
    """Write production's name of a table, without the database's where that is the one asked."""
    name = parts(run.renamed.get(relation, relation))
    home = run.snapshot.database if run.snapshot else name[0]
    return quoted(name[-1]) if name[0] == home else in_sql(relation)


def _was_there(trial: Trial, index: SchemaObject) -> bool:
    """Tell whether a unique index over the same columns was there before."""
    return any(
        item.attributes["columns"] == index.attributes["columns"]
        and item.attributes["kind"] != "index"
        for item in trial.before.parts_of(index.parent, "index")
    )


def _obstacle(run: Run, trial: Trial, statement: StatementEffects, claim: Claim) -> str:
    """Say why production's rows do not decide a claim, or nothing."""
    for table in claim.reads:
        if table in run.created:
            return f"the run itself makes {table}"
        there = _production_columns(run, table)
        if table == claim.relation and there and not there.issuperset(claim.columns):
            return f"the run itself makes columns of {table}"
    for other in run.trials[: run.trials.index(trial) + 1]:
        for earlier in other.statements:
            if earlier is statement:
                return ""
            if earlier.tags[0] in DML and any(x.relation in claim.reads for x in earlier.locks):
                return f"line {earlier.line} of {other.migration.path} changes rows before it"
    return ""


def _production_columns(run: Run, relation: str) -> set[str]:
    if run.snapshot is None:
        return set()
    name = run.renamed.get(relation, relation)
    return {parts(item.name)[-1] for item in run.snapshot.catalogue.parts_of(name, "column")}
