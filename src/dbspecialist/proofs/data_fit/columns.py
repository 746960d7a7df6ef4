"""Claims that changes of columns need: NOT NULL, narrower types, lost values, sequences."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.data_fit import Claim
from dbspecialist.proofs.data_fit.ground import Ground, part
from dbspecialist.proofs.data_fit.misfits import misfit, not_labelled

#: From this share of its type's numbers on a sequence is called near its end.
NEAR = 0.5
_LIMITS = {"smallint": 2**15 - 1, "integer": 2**31 - 1}
_LATEST = 180_000


def column_claims(ground: Ground) -> Iterator[Claim]:
    """Yield what changed and dropped columns need of the rows."""
    for index, statement in enumerate(ground.trial.statements):
        for change in statement.columns:
            column = change.after or change.before
            if column is None or column.attributes.get("local") == "false":
                continue
            if not ground.is_filled(column.parent, index):
                continue
            if change.before is not None and change.after is not None:
                yield from _changed(ground, index, change.before, change.after)
            elif change.before is not None and change.origin is not None:
                yield from _lost(ground, index, change.before)
    yield from _relabelled(ground)
    yield from _numbered(ground)


def _changed(
    ground: Ground, index: int, before: SchemaObject, after: SchemaObject
) -> Iterator[Claim]:
    if before.attributes["not_null"] != after.attributes["not_null"] == "true":
        yield _not_null(ground, index, after)
    if before.attributes["type"] != after.attributes["type"]:
        yield from _narrowed(ground, index, before, after)


def _not_null(ground: Ground, index: int, column: SchemaObject) -> Claim:
    name = part(column)
    text = f"no row of {column.parent} has NULL in {name}"
    return ground.claim("not null", text, column, (name,), index, misfit=f"{name} IS NULL")


def _narrowed(
    ground: Ground, index: int, before: SchemaObject, column: SchemaObject
) -> Iterator[Claim]:
    old, new, name = before.attributes["type"], column.attributes["type"], part(column)
    condition = misfit(old, new, name, ground.trial.after, _version(ground))
    if condition and is_plain_cast(ground, index, name):
        text = f"every value of {column.name} fits {new}"
        yield ground.claim("type", text, column, (name,), index, misfit=condition)


def _lost(ground: Ground, index: int, column: SchemaObject) -> Iterator[Claim]:
    if "generated" in column.attributes:
        return
    name = part(column)
    text = f"no value is lost with {column.name}"
    yield ground.claim("loss", text, column, (name,), index, misfit=f"{name} IS NOT NULL")


def _relabelled(ground: Ground) -> Iterator[Claim]:
    """Yield claims on the columns of an enum that loses labels; renamed ones keep their rows."""
    for item in ground.trial.differences:
        enum = item.after
        if enum is None or enum.kind != "enum" or item.before is None or not item.changed:
            continue
        before, after = item.before.attributes["labels"], enum.attributes["labels"]
        if before.count("', '") <= after.count("', '"):
            continue
        for column in ground.trial.before.of_kind("column"):
            name = part(column)
            index = ground.statement_about(column.parent, name)
            if column.attributes["type"] != enum.name or not ground.is_filled(column.parent, index):
                continue
            if ground.trial.after.get("column", column.name) and is_plain_cast(ground, index, name):
                text = f"no row of {column.parent} has a removed value in {name}"
                condition = not_labelled(name, after)
                yield ground.claim("enum", text, column, (name,), index, misfit=condition)


def _numbered(ground: Ground) -> Iterator[Claim]:
    """Yield claims on sequences of narrow columns, of tables that the migration alters."""
    for sequence in ground.production.of_kind("sequence"):
        owner = sequence.attributes.get("owned_by", "")
        column = ground.trial.after.get("column", owner)
        if column is None or column.attributes["type"] not in _LIMITS:
            continue
        if not any(
            made == column.parent for item in ground.trial.statements for _, _, made in item.creates
        ):
            continue
        limit = round(NEAR * _LIMITS[column.attributes["type"]])
        yield ground.claim(
            "sequence",
            f"{column.name} has used less than {NEAR:.0%} of its type",
            column,
            (part(column),),
            0,  # rows that the run changes do not lower a sequence
            query=f"SELECT last_value::text FROM {sequence.name}"
            f" WHERE last_value >= {limit} LIMIT 1",
        )


def _version(ground: Ground) -> int:
    return ground.run.snapshot.server_version if ground.run.snapshot else _LATEST


def action(sql: str, column: str) -> str:
    """Return what follows TYPE for a column, up to the next action; else the whole statement."""
    name = re.escape(column.strip('"'))
    words = rf'\balter\s+(?:column\s+)?"?{name}"?\s+(?:set\s+data\s+)?type\b'
    found = re.search(words, sql, re.IGNORECASE)
    if found is None:
        return sql
    rest, depth = sql[found.end() :], 0
    for place, char in enumerate(rest):
        depth += (char in "([") - (char in ")]")
        if depth == 0 and char in ",;":
            return rest[:place]
    return rest


_CAST = r"(?:::\s*[\w.\"]+(?:\s+(?:varying|precision))?(?:\s*\(\s*\d+(?:\s*,\s*-?\d+)?\s*\))?\s*)"


def is_plain_cast(ground: Ground, index: int | None, column: str) -> bool:
    """Tell whether the old values themselves are cast: no USING, or one that says just that.

    The engine keeps no trace of USING: the word is the user's.
    """
    if index is None:
        return False
    sql = action(ground.trial.statements[index].sql, column)
    if not re.search(r"\busing\b", sql, re.IGNORECASE):
        return True
    name = rf'\(*\s*"?{re.escape(column.strip(chr(34)))}"?\s*\)*\s*'
    plain = (
        rf"\busing\s+(?:{name}{_CAST}*\)*\s*(?=$|[,;])|cast\s*\({name}as\b[^,;]*\)\s*(?=$|[,;]))"
    )
    return re.search(plain, sql, re.IGNORECASE) is not None
