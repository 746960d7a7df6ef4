"""Claims that INSERTs and UPDATEs need: that no row has the key which they write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dbspecialist.facts.data_fit import Claim
from dbspecialist.facts.names import bare
from dbspecialist.facts.written import Written
from dbspecialist.proofs.data_fit.before import Before
from dbspecialist.proofs.data_fit.ground import Ground, part

#: A literal as plans and people write it, with its cast.
_TYPE = r'(?:::[\w ."]+(?:\(\d+(?:,\d+)?\))?(?:\[\])?)?'
_LITERAL = re.compile(
    rf"\(?-?\d+(?:\.\d+)?\)?{_TYPE}|'(?:[^']|'')*'{_TYPE}|true|false", re.IGNORECASE
)
_NULL = re.compile(rf"null{_TYPE}", re.IGNORECASE)

#: Calls whose values are made for each row: they are taken to differ from those that are there.
_GENERATED = re.compile(r"\b(?:nextval|gen_random_uuid|uuid\w*|random|clock_timestamp|now)\(")


def key_claims(ground: Ground) -> Iterator[Claim]:
    """Yield what each INSERT and UPDATE needs of the keys that its table has."""
    for index, statement in enumerate(ground.trial.statements):
        if statement.error is not None:
            continue
        for item in statement.writes:
            before = Before(ground, index)
            if not before.is_there(item.relation) or not before.is_kept(item.relation):
                continue
            if item.operation == "insert" and not item.conflict:
                yield from _inserted(before, item)
            elif item.operation == "update":
                yield from _updated(before, item)


def _inserted(before: Before, item: Written) -> Iterator[Claim]:
    names = tuple(part(column) for column in before.columns(item.relation))
    if not item.values or len(item.values[0]) != len(names):
        return
    for index, key, _ in before.unique_keys(item.relation):
        if not {*key} <= {*names} or not before.same(item.relation, key):
            continue
        places = [names.index(name) for name in key]
        rows = [tuple(row[place] for place in places) for row in item.values]
        if item.sources:
            yield from _selected(before, item, index, key, rows[0])
        else:
            yield from _listed(before, item, index, key, rows)


def _listed(
    before: Before, item: Written, index: str, key: Sequence[str], rows: list[tuple[str, ...]]
) -> Iterator[Claim]:
    """Yield the claim on keys that are written as literals."""
    literal = [row for row in rows if all(_LITERAL.fullmatch(value) for value in row)]
    if not literal:
        return
    one = len(key) == 1
    listed = ", ".join(row[0] if one else f"({', '.join(row)})" for row in literal)
    misfit = f"{key[0] if one else '(' + ', '.join(key) + ')'} IN ({listed})"
    shown = ", ".join(f"{name}::text" for name in key)
    yield before.claim(
        "taken",
        _text(item, key),
        item.relation,
        object=index,
        columns=tuple(key),
        query=f"SELECT {shown} FROM {item.relation} WHERE {misfit} LIMIT 1",
        reads=(item.relation,),
        misfit=misfit,
    )


def _text(item: Written, key: Sequence[str]) -> str:
    return f"no row of {item.relation} has a value of {', '.join(key)} that is written"


def _selected(
    before: Before, item: Written, index: str, key: Sequence[str], row: tuple[str, ...]
) -> Iterator[Claim]:
    """Yield the claim on keys that are read from another table, if that is one alone."""
    looks = item.relation in item.sources and (len(item.sources) > 1 or item.condition is None)
    if looks or any(_GENERATED.search(value) or _NULL.fullmatch(value) for value in row):
        return  # it looks itself what is there, or makes keys of its own
    (source, *others) = item.sources
    query = ""
    columns: tuple[str, ...] = ()
    if not others and item.condition is not None and before.is_there(source):
        named = before.mentioned(source, " ".join([*row, item.condition]))
        if before.is_kept(source) and before.same(source, named):
            query = _meeting(item, key, row)
            columns = tuple(value for value in row if value in named)
    yield before.claim(
        "taken",
        _text(item, key),
        item.relation,
        object=index,
        columns=tuple(key),
        query=query,
        reads=(item.relation, source) if query else (item.relation,),
        referenced=columns if len(columns) == len(key) and not item.condition else (),
    )


def _meeting(item: Written, key: Sequence[str], row: tuple[str, ...]) -> str:
    """Write the query for one row that is there, or one of several that would be alike."""
    made = ", ".join(f"{value} AS k{number}" for number, value in enumerate(row))
    where = f" WHERE {item.condition}" if item.condition else ""
    source = f"(SELECT {made} FROM {item.sources[0]}{where}) AS new"
    equal = " AND ".join(f"old.{name} = new.k{number}" for number, name in enumerate(key))
    shown = ", ".join(f"new.k{number}::text AS {name}" for number, name in enumerate(key))
    return f"SELECT {shown} FROM {source} JOIN {item.relation} AS old ON {equal} LIMIT 1"


def _updated(before: Before, item: Written) -> Iterator[Claim]:
    """Yield the claim on each unique key of which an UPDATE sets a column."""
    made = before.made(item)
    set_ = {bare(name) for name in before.statement.columns_set.get(item.relation, ())}
    for index, key, _ in before.unique_keys(item.relation):
        if not {bare(name) for name in key} & set_ or not before.same(item.relation, key):
            continue
        if any(_NULL.fullmatch(made.get(name, "")) for name in key):
            continue
        if any(_GENERATED.search(made.get(name, "")) for name in key):
            continue
        whole = not item.condition and all(_LITERAL.fullmatch(made.get(name, "")) for name in key)
        yield before.claim(
            "taken",
            f"the values of {', '.join(key)} in {item.relation} stay different",
            item.relation,
            object=index,
            columns=() if whole else tuple(key),
            query=_alike(item, key, made) if made and _reads(before, item, made) else "",
            reads=(item.relation,),
        )
        if made and any(before.mentioned(item.relation, made.get(name, "")) for name in key):
            yield from _shifted(before, item, index, key, made)


def _shifted(
    before: Before, item: Written, index: str, key: Sequence[str], made: dict[str, str]
) -> Iterator[Claim]:
    """Yield the claim on keys that are another row's until that one is changed, too.

    Uniqueness is checked row by row where the constraint cannot be deferred (PostgreSQL manual,
    "SET CONSTRAINTS").
    """
    if not _reads(before, item, made) or before.is_deferrable(index):
        return
    where = f" WHERE {item.condition}" if item.condition else ""
    made_keys = ", ".join(f"{made.get(name, name)} AS k{n}" for n, name in enumerate(key))
    equal = " AND ".join(f"old.{name} = new.k{n}" for n, name in enumerate(key))
    shown = ", ".join(f"new.k{n}::text AS {name}" for n, name in enumerate(key))
    yield before.claim(
        "shifted",
        f"no new value of {', '.join(key)} in {item.relation} is one that another row has",
        item.relation,
        object=index,
        columns=tuple(key),
        query=(
            f"SELECT {shown} FROM (SELECT tableoid AS part, ctid AS place, {made_keys} "
            f"FROM {item.relation}{where}) AS new JOIN {item.relation} AS old ON {equal} "
            "AND (old.tableoid, old.ctid) <> (new.part, new.place) LIMIT 1"
        ),
        reads=(item.relation,),
    )


def _reads(before: Before, item: Written, made: dict[str, str]) -> bool:
    text = " ".join([*made.values(), item.condition or ""])
    return before.same(item.relation, before.mentioned(item.relation, text))


def _alike(item: Written, key: Sequence[str], made: dict[str, str]) -> str:
    """Write the query for one key that several rows have when the UPDATE has run."""

    def then(name: str) -> str:
        if name not in made:
            return name
        if not item.condition:
            return f"{made[name]} AS {name}"
        return f"CASE WHEN {item.condition} THEN {made[name]} ELSE {name} END AS {name}"

    listed = ", ".join(key)
    shown = ", ".join(f"{name}::text" for name in key)
    filled = " AND ".join(f"{name} IS NOT NULL" for name in key)
    made_keys = ", ".join(map(then, key))
    return (
        f"SELECT {shown}, count(*)::text FROM (SELECT {made_keys} FROM {item.relation}) "
        f"AS new WHERE {filled} GROUP BY {listed} HAVING count(*) > 1 LIMIT 1"
    )
