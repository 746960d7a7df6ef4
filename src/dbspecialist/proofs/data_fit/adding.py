"""What claims on constraints share: when one was added, and whether production can be asked."""

from __future__ import annotations

from dbspecialist.engines.postgresql.tokens import tokens
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.names import last
from dbspecialist.facts.names import listed as split_names
from dbspecialist.proofs.data_fit.ground import Ground, mentions, part

_CODE = frozenset({"function", "operator", "cast", "aggregate"})


def adding(ground: Ground, made: SchemaObject) -> int | None:
    """Return the place of the last statement that made the constraint valid."""
    found = [
        number
        for number, statement in enumerate(ground.trial.statements)
        for change in statement.constraints
        if change.name == part(made)
        and change.relation == ground.then(made, "", number)[0]
        and change.valid
    ]
    return found[-1] if found else None


def unasked(ground: Ground, name: str, expression: str) -> str:
    """Say why an expression is not run on production: it may do more than read.

    Args:
        name: The constraint, or "" for an index: the engine takes immutable ones only there.
        expression: What would be run.
    """
    changes = [
        change
        for statement in ground.trial.statements
        for change in statement.constraints
        if change.name == name
    ]
    if name and not changes:
        return f"the statement that adds {name} was not observed"
    for text in (text for change in changes for text in change.unstable):
        if "(volatile)" in text:
            return f"it calls {text}"
    for trial in ground.run.trials:
        for item in trial.differences:
            if item.after is None or item.after.kind not in _CODE:
                continue
            if mentions(expression, last(item.after.name.partition("(")[0])):
                return f"{item.after.name} is made or changed by this run"
    return ""


def all_there(
    ground: Ground, made: SchemaObject, columns: tuple[str, ...], index: int | None
) -> bool:
    """Tell whether production tells the columns' values, or the run gives all rows one."""
    _, sources = ground.sources(made, columns, index)
    return all(source.origin or source.value for source in sources.values())


def listed(names: str) -> tuple[str, ...]:
    """Return the columns of a list as catalogues write it."""
    return tuple(split_names(names))


def with_value(condition: str, column: str) -> str:
    """Put a column in the place of VALUE."""
    words = [condition[token.start : token.end] for token in tokens(condition, "")]
    return "".join(column if word == "VALUE" else word for word in words)
