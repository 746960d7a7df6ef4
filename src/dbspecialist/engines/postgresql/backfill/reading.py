"""Reading a statement: the engine parses it, prints it in its own words, and shows its tree.

It is put into a function with a body in standard SQL (`BEGIN ATOMIC`, PostgreSQL manual, "CREATE
FUNCTION"): names are resolved then, and nothing of it is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.backfill.table import raw
from dbspecialist.engines.postgresql.tokens import tokens
from dbspecialist.facts.errors import InputError

Connection = psycopg.Connection[Any]

HOW = "write it as UPDATE … SET … WHERE …"

_FUNCTION = "dbs_backfill_statement"
_BODY = f"SELECT prosqlbody::text, pg_get_function_sqlbody(oid) FROM pg_proc WHERE proname = '{_FUNCTION}'"  # noqa: E501

#: What the tree of a statement shows that cannot be taken in batches by key, with the reason.
_REFUSED = (
    (r"^\(\(\{QUERY :commandType (?!2)", "is no UPDATE", HOW),
    (":cteList \\(", "has a WITH clause", "write its condition into WHERE"),
    (":returningList \\(", "has a RETURNING clause", "leave it out"),
    ("CURRENTOFEXPR", "has WHERE CURRENT OF, which means a cursor", "write the condition"),
    (
        ":hasSubLinks true",
        "has a subquery, so its rows hang on other rows, which change meanwhile",
        "copy what it reads into a column of the table first",
    ),
    (
        "RANGETBLENTRY.*RANGETBLENTRY",
        "reads another table with FROM, so its rows hang on other rows, which change meanwhile",
        "copy what it reads into a column of the table first",
    ),
    ("SETTODEFAULT", "sets DEFAULT", "write the default's expression"),
)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One assignment: the column, quoted, with its subscripts, and the expression."""

    target: str
    expression: str

    @property
    def is_whole(self) -> bool:
        """Whether the column is set as a whole, not an element or a field of it."""
        return not re.search(r'[\[.](?=(?:[^"]*"[^"]*")*[^"]*$)', self.target)


@dataclass(frozen=True)
class Statement:
    """An UPDATE in the engine's words.

    Args:
        oid: The table.
        relation: Schema-qualified, quoted.
        alias: What its expressions call the table.
        only: Whether it says ONLY.
        assignments: In order.
        condition: What stands after WHERE, or "".
        columns: The numbers of the columns that are set.
        set_functions: Functions and operators' functions of the assignments, by object id.
        where_functions: Those of the condition.
        is_set_by_clock: Whether an assignment reads CURRENT_TIMESTAMP and the like.
        is_chosen_by_clock: Whether the condition does.
    """

    oid: int
    relation: str
    alias: str
    only: bool
    assignments: tuple[Assignment, ...]
    condition: str
    columns: tuple[int, ...]
    set_functions: frozenset[int]
    where_functions: frozenset[int]
    is_set_by_clock: bool
    is_chosen_by_clock: bool


def composed(table: str, assignments: str, condition: str | None) -> str:
    """Write the statement of `--table`, `--set` and `--where`."""
    where = f"\nWHERE {condition}" if condition and condition.strip() else ""
    return f"UPDATE {table}\nSET {assignments}{where}"


def read_statement(connection: Connection, text: str) -> Statement:
    """Have the engine read one UPDATE.

    Args:
        connection: To a twin, as a role that may create temporary functions.
        text: One statement; a semicolon at its end is left out.

    Raises:
        InputError: Where the engine refuses it, or it cannot be taken in batches by key.
    """
    tree, words = _asked(connection, _without_end(text))
    for pattern, what, todo in _REFUSED:
        if re.search(pattern, tree):
            raise InputError(f"the statement {what}", _shown(text), todo)
    relation, alias, only, assignments, condition = _parts(words)
    where, set_ = _halves(tree)
    oid = re.search(r":relid (\d+)", tree)
    assert oid is not None
    return Statement(
        oid=int(oid[1]),
        relation=relation,
        alias=alias,
        only=only,
        assignments=tuple(_assignment(item) for item in _split(assignments)),
        condition=condition,
        columns=_updated(tree),
        set_functions=_functions(connection, set_),
        where_functions=_functions(connection, where),
        is_set_by_clock="SQLVALUEFUNCTION" in set_,
        is_chosen_by_clock="SQLVALUEFUNCTION" in where,
    )


def _asked(connection: Connection, text: str) -> tuple[str, str]:
    create = (
        f"CREATE FUNCTION pg_temp.{_FUNCTION}() RETURNS void LANGUAGE sql BEGIN ATOMIC\n{text}\n;"
        " END"
    )
    try:
        with connection.transaction(force_rollback=True):
            # The extended protocol takes one statement only.
            connection.execute(create.encode(), binary=True)
            connection.execute("SET LOCAL search_path = ''")
            found = connection.execute(_BODY.encode()).fetchall()
    except psycopg.Error as error:
        words = error.diag.message_primary or str(error)
        raise InputError(
            f"the engine refuses the statement: {words}", _shown(text), "mend it"
        ) from error
    tree, words = found[0]
    return tree, words


def _without_end(text: str) -> str:
    """Leave a semicolon at the end out, and refuse one elsewhere."""
    ends = [item for item in tokens(text, "") if item.kind not in _BLANK]
    if not ends or ends[0].kind == "semicolon":
        raise InputError("the statement is empty", "", HOW)
    if text[ends[0].start : ends[0].end].upper() not in ("UPDATE", "WITH"):
        raise InputError("the statement is no UPDATE", _shown(text), HOW)
    if any(item.kind == "semicolon" for item in ends[:-1]):
        raise InputError("there is more than one statement", _shown(text), "give one UPDATE")
    last = ends[-1]
    return text[: last.start if last.kind == "semicolon" else last.end]


_BLANK = ("space", "line_comment", "block_comment")


def _shown(text: str) -> str:
    one = " ".join(text.split())
    return one if len(one) <= 80 else one[:79] + "…"


_HEAD = re.compile(r"BEGIN ATOMIC\s+UPDATE (ONLY )?(.*);\s*END\s*", re.DOTALL)


def _parts(words: str) -> tuple[str, str, bool, str, str]:
    """Take the engine's text apart: relation, alias, ONLY, assignments, condition."""
    head = _HEAD.fullmatch(words)
    assert head is not None, words
    text = head[2]
    places = {word: place for word, place in _words_at_top(text) if word in ("SET", "WHERE")}
    named, rest = text[: places["SET"]].strip(), text[places["SET"] + 3 :]
    condition = ""
    if "WHERE" in places:
        condition = text[places["WHERE"] + 5 :].strip()
        rest = text[places["SET"] + 3 : places["WHERE"]]
    names = [text_of for text_of in _split(named, " ") if text_of]
    relation = names[0]
    alias = names[1] if len(names) > 1 else _split(relation, ".")[-1]
    return relation, alias, bool(head[1]), rest.strip(), condition


def _words_at_top(text: str) -> Iterator[tuple[str, int]]:
    """Yield each word outside of parentheses with the place where it stands first."""
    depth, seen = 0, set()
    for item in tokens(text, ""):
        word = text[item.start : item.end]
        if item.kind == "open":
            depth += 1
        elif item.kind == "close":
            depth -= 1
        elif item.kind == "word" and depth == 0 and word not in seen:
            seen.add(word)
            yield word, item.start


def _split(text: str, separator: str = ",") -> list[str]:
    """Split a text at a sign outside of quotes, parentheses and brackets."""
    parts, start, depth = [], 0, 0
    for item in tokens(text, ""):
        if item.kind in ("escape", "quoted", "name", "dollar"):
            continue
        for place in range(item.start, item.end):
            sign = text[place]
            depth += (sign in "([") - (sign in ")]")
            if sign == separator and depth == 0:
                parts.append(text[start:place].strip())
                start = place + 1
    return [*parts, text[start:].strip()]


def _assignment(text: str) -> Assignment:
    target, *rest = _split(text, "=")
    return Assignment(target, text[text.index("=", len(target)) + 1 :].strip() if rest else "")


def _halves(tree: str) -> tuple[str, str]:
    """Return the parts of the tree that hold the condition and the assignments."""
    where, assigned = tree.index(":jointree"), tree.index(":targetList")
    return tree[where:assigned], tree[assigned:]


def _updated(tree: str) -> tuple[int, ...]:
    """Return the numbers of the updated columns; the tree counts them from the system's (-7)."""
    found = re.search(r":updatedCols \(b([ \d]*)\)", tree)
    assert found is not None
    return tuple(int(number) - 7 for number in found[1].split())


def _functions(connection: Connection, tree: str) -> frozenset[int]:
    """Return the functions that a part of a tree calls, those of operators too."""
    functions = {int(number) for number in re.findall(r":funcid (\d+)", tree)}
    operators = sorted({int(number) for number in re.findall(r":opno (\d+)", tree)})
    rows = raw(connection).execute(
        "SELECT oprcode::oid::bigint FROM pg_operator WHERE oid = ANY ($1::bigint[]::oid[])",
        [operators],
    )
    return frozenset(functions | {row[0] for row in rows})
