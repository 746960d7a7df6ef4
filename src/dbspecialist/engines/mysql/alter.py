"""ALTER TABLE and CREATE INDEX taken apart, to ask the engine for each algorithm and lock.

`ALTER TABLE …, ALGORITHM=…, LOCK=…` is refused with a reason where the engine cannot (MariaDB
documentation, "InnoDB Online DDL Overview"; MySQL manual, "Online DDL Operations").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dbspecialist.engines.mysql.names import plain
from dbspecialist.engines.mysql.tokens import Token, meaningful

#: From the cheapest. INSTANT changes the dictionary alone, NOCOPY builds at most an index,
#: INPLACE may write the table anew within the engine, COPY writes it row by row.
MARIADB_ALGORITHMS = ("INSTANT", "NOCOPY", "INPLACE", "COPY")
MYSQL_ALGORITHMS = ("INSTANT", "INPLACE", "COPY")
LOCKS = ("NONE", "SHARED", "EXCLUSIVE")

_ASSERTION = re.compile(r"(algorithm|lock)\Z")


@dataclass(frozen=True, slots=True)
class Alter:
    """One statement that changes a table and may say how.

    Args:
        sql: The statement.
        schema: The database that it names, or "".
        table: The table's name.
        head: The text up to the first clause (`ALTER TABLE t`); all of a CREATE or DROP INDEX.
        clauses: The clauses of an ALTER TABLE, without `ALGORITHM` and `LOCK`.
        algorithm: The algorithm that it asserts, in upper case, or "".
        lock: The lock that it asserts, in upper case, or "".
    """

    sql: str
    schema: str
    table: str
    head: str
    clauses: tuple[str, ...]
    algorithm: str = ""
    lock: str = ""

    def asking(self, algorithm: str, lock: str, clauses: Sequence[str] | None = None) -> str:
        """Write the statement so that the engine refuses another algorithm or a stronger lock."""
        kept = self.clauses if clauses is None else tuple(clauses)
        if self._is_index:
            asked = [f"ALGORITHM={algorithm}"] + ([f"LOCK={lock}"] if lock else [])
            return " ".join((self.head, *asked))
        asked = [f"ALGORITHM={algorithm}"] + ([f"LOCK={lock}"] if lock else [])
        return f"{self.head} " + ", ".join((*asked, *kept))

    @property
    def _is_index(self) -> bool:
        return not self.clauses


def read_alter(sql: str) -> Alter | None:
    """Take a statement apart, or return nothing where it takes no ALGORITHM."""
    found = meaningful(sql)
    kinds = [item.word for item in found[:6]]
    if kinds[:1] == ["alter"] and "table" in kinds[:4]:
        return _alter_table(sql, found)
    if kinds[:1] in (["create"], ["drop"]) and "index" in kinds[:5]:
        return _index(sql, found)
    return None


def _alter_table(sql: str, found: list[Token]) -> Alter | None:
    place = next(number for number, item in enumerate(found) if item.word == "table") + 1
    if [item.word for item in found[place : place + 2]] == ["if", "exists"]:
        place += 2
    schema, table, place = _name(found, place)
    if not table:
        return None
    if place < len(found) and found[place].word == "nowait":
        place += 1
    elif place < len(found) and found[place].word == "wait":
        place += 2
    if place >= len(found):
        return None
    algorithm = lock = ""
    clauses = []
    for group in _parted(found[place:]):
        name, value = _assertion(group)
        if name == "algorithm":
            algorithm = value
        elif name == "lock":
            lock = value
        else:
            clauses.append(sql[group[0].start : group[-1].end])
    head = sql[found[0].start : found[place - 1].end]
    return Alter(sql, schema, table, head, tuple(clauses), algorithm, lock) if clauses else None


def _index(sql: str, found: list[Token]) -> Alter | None:
    on = next((number for number, item in enumerate(found) if item.word == "on"), None)
    if on is None:
        return None
    schema, table, place = _name(found, on + 1)
    if not table:
        return None
    algorithm = lock = ""
    end, number = found[-1].end, place
    while number < len(found):
        name, value, width = _trailing(found, number)
        if name and not _within(found, place, number):
            end = min(end, found[number - 1].end)
            algorithm = value if name == "algorithm" else algorithm
            lock = value if name == "lock" else lock
            number += width
        else:
            number += 1
    if found[0].word == "drop" and not algorithm and not lock:
        # MariaDB's DROP INDEX takes no ALGORITHM; its ALTER TABLE … DROP INDEX, the same, does.
        head = f"ALTER TABLE {sql[found[on + 1].start : end]}"
        first = next(item.start for item in found if item.word == "index")
        return Alter(sql, schema, table, head, (f"DROP {sql[first : found[on - 1].end]}",))
    return Alter(sql, schema, table, sql[found[0].start : end], (), algorithm, lock)


def _trailing(found: list[Token], number: int) -> tuple[str, str, int]:
    """Read `ALGORITHM = x` behind CREATE INDEX: name, value, and how many tokens it takes."""
    word = found[number].word
    if word not in {"algorithm", "lock"} or number + 1 >= len(found):
        return "", "", 0
    width = 3 if found[number + 1].text == "=" else 2
    if number + width > len(found):
        return "", "", 0
    return word, found[number + width - 1].text.upper(), width


def _within(found: list[Token], start: int, number: int) -> bool:
    """Tell whether a token stands in parentheses."""
    depth = 0
    for item in found[start:number]:
        depth += (item.kind == "open") - (item.kind == "close")
    return depth > 0


def _name(found: list[Token], place: int) -> tuple[str, str, int]:
    """Read `schema.table` from a place on; return both and the place behind."""
    if place >= len(found) or found[place].kind not in {"word", "name"}:
        return "", "", place
    first = plain(found[place].text)
    if place + 2 < len(found) and found[place + 1].kind == "dot":
        return first, plain(found[place + 2].text), place + 3
    return "", first, place + 1


def _parted(found: list[Token]) -> Iterator[list[Token]]:
    """Part tokens at the commas outside of parentheses."""
    depth = 0
    group: list[Token] = []
    for item in found:
        depth += (item.kind == "open") - (item.kind == "close")
        if item.kind == "comma" and not depth:
            if group:
                yield group
            group = []
        else:
            group.append(item)
    if group:
        yield group


def _assertion(group: list[Token]) -> tuple[str, str]:
    if not _ASSERTION.match(group[0].word) or len(group) not in {2, 3}:
        return "", ""
    return group[0].word, group[-1].text.upper()
