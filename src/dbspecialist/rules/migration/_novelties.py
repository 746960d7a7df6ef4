"""What a migration uses that production's server does not know yet."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from dbspecialist.engines.postgresql.majors import Novelty, features, novelties
from dbspecialist.engines.postgresql.majors.outline import outlines
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.trial import Run, Trial

#: Attributes that hold SQL, by the kinds of objects whose SQL a migration writes.
_SQL_OF: Mapping[str, tuple[str, ...]] = {
    "constraint": ("definition",),
    "domain constraint": ("definition",),
    "index": ("definition",),
    "column": ("default", "expression"),
    "materialized view": ("definition",),
}

_CONSTRAINT = re.compile(r"table constraint (?P<name>.+) on (?P<table>.+)")


def older_major(run: Run) -> int | None:
    """Return production's major, or nothing where no server is known."""
    return run.snapshot.server_version // 10_000 if run.snapshot else None


def found_novelties(trial: Trial, major: int) -> Iterator[tuple[StatementEffects, Novelty, str]]:
    """Yield what each statement uses that a major refuses, and how it is known.

    The statement's own words come first; what it made says the same of a DO block or a function.
    """
    own, told = _own_functions(trial), set()
    for statement in trial.statements:
        for item in novelties(statement.sql, major, own):
            told.add(item.what)
            yield statement, item, "its words"
        for item in features():
            recogniser = _STATEMENTS.get(item.engine)
            if recogniser and item.major > major and recogniser(trial, statement):
                told.add(item.what)
                yield statement, item, "what the engine did with it"
    for made in _made(trial):
        for item in _of_object(made, major, own):
            maker = _maker(trial, made)
            if maker is not None and item.what not in told:
                told.add(item.what)
                yield maker, item, f"{made.kind} {made.name}"


def _own_functions(trial: Trial) -> frozenset[str]:
    return frozenset(
        item.name.partition("(")[0].rpartition(".")[2]
        for catalogue in (trial.before, trial.after)
        for item in catalogue.of_kind("function", "procedure", "aggregate")
    )


def _made(trial: Trial) -> Iterator[SchemaObject]:
    for difference in trial.differences:
        if difference.after is not None:
            yield difference.after


def _of_object(made: SchemaObject, major: int, own: frozenset[str]) -> Iterator[Novelty]:
    for key in _SQL_OF.get(made.kind, ()):
        yield from novelties(made.attributes.get(key, ""), major, own)
    for item in features():
        recogniser = _OBJECTS.get(item.engine)
        if recogniser and item.major > major and recogniser(made):
            yield item
    if made.kind == "view":  # its options stand in the statement that makes it alone
        yield from novelties(made.create, major, own)


def _maker(trial: Trial, made: SchemaObject) -> StatementEffects | None:
    """Return the last statement that made or altered an object or its table."""
    names = {made.name, made.parent}
    found = [
        statement
        for statement in trial.statements
        if any(name in names for _, _, name in statement.creates)
    ]
    return found[-1] if found else None


def _unvalidated_partitioned(trial: Trial, statement: StatementEffects) -> bool:
    return any(
        item.kind == "foreign key"
        and item.added
        and not item.valid
        and _is_partitioned(trial, item.relation)
        for item in statement.constraints
    )


def _is_partitioned(trial: Trial, relation: str) -> bool:
    # The engine leaves out `public.`, which is on the search path.
    names = (relation, f"public.{relation}")
    tables = [trial.after.get("table", name) or trial.before.get("table", name) for name in names]
    return any(table is not None and "partition_key" in table.attributes for table in tables)


def _dropped_not_null(trial: Trial, statement: StatementEffects) -> bool:
    """Tell whether DROP CONSTRAINT names a NOT NULL: the catalogue tells those named by hand."""
    if not any(" DROP CONSTRAINT " in text for text in outlines(statement.sql)):
        return False
    gone = [_CONSTRAINT.fullmatch(item) for item in statement.drops]
    names = [
        f"{trial.name_before(found['table'], statement)}.{found['name']}" for found in gone if found
    ]
    before = [trial.before.get("constraint", name) for name in names]
    return any(item is None or item.attributes.get("type") == "not null" for item in before)


_STATEMENTS: Mapping[str, Callable[[Trial, StatementEffects], bool]] = {
    "unvalidated partitioned foreign key": _unvalidated_partitioned,
    "dropped not null": _dropped_not_null,
}

_OBJECTS: Mapping[str, Callable[[SchemaObject], bool]] = {
    "virtual column": lambda made: made.attributes.get("generated") == "virtual",
    "unvalidated not null": lambda made: made.attributes.get("not_null") == "not valid",
}
