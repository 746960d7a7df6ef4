"""Claims that a change of type by USING needs: a value, where NULL is refused, for every row."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.data_fit import Claim
from dbspecialist.proofs.data_fit.adding import all_there, unasked
from dbspecialist.proofs.data_fit.columns import action, is_plain_cast
from dbspecialist.proofs.data_fit.ground import Ground, mentions, part


def conversion_claims(ground: Ground) -> Iterator[Claim]:
    """Yield what each USING needs of the values that it computes the new ones from.

    The engine keeps no trace of USING: the expression is the user's word.
    """
    for index, statement in enumerate(ground.trial.statements):
        for change in statement.columns:
            before, column = change.before, change.after
            if before is None or column is None or column.attributes.get("local") == "false":
                continue
            if before.attributes["type"] == column.attributes["type"]:
                continue
            name = part(column)
            text = _using(action(statement.sql, name), statement.sql)
            if text and not is_plain_cast(ground, index, name):
                yield from _claims(ground, index, column, text)


def _using(rest: str, sql: str) -> str:
    found = re.search(r"\busing\b", rest, re.IGNORECASE)
    return rest[found.end() :].strip() if found and rest != sql else ""


def _claims(ground: Ground, index: int, column: SchemaObject, text: str) -> Iterator[Claim]:
    names = [part(item) for item in ground.trial.before.parts_of(column.parent, "column")]
    columns = tuple(name for name in names if mentions(text, name))
    table = SchemaObject("column", column.name, column.parent)
    if not columns or not ground.is_filled(column.parent, index):
        return
    if not all_there(ground, table, columns, index):
        return
    if column.attributes["not_null"] == "true":
        yield ground.claim(
            "check",
            f"USING gives a value for every row of {column.parent}",
            table,
            columns,
            index,
            misfit=f"({text}) IS NULL",
            obstacle=unasked(ground, "", text),
        )
