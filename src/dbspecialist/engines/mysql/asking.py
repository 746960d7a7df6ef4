"""Asking the engine how it changes a table: each algorithm and lock, the cheapest first.

The engine refuses with a reason where it cannot, and the first that it takes is what it does.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.engines.mysql.alter import LOCKS, MARIADB_ALGORITHMS, MYSQL_ALGORITHMS, Alter
from dbspecialist.engines.mysql.driver import Connection, MySQLError, engine_error, execute
from dbspecialist.facts.effects import EngineError

#: The engine cannot: "ALGORITHM=… is not supported", with and without a reason.
UNSUPPORTED = frozenset({1845, 1846})


@dataclass(frozen=True, slots=True)
class Answer:
    """How the engine changes a table.

    Args:
        algorithm: `INSTANT`, `NOCOPY`, `INPLACE` or `COPY`.
        lock: `NONE`, `SHARED` or `EXCLUSIVE`.
        reason: Why it takes no cheaper algorithm, in its own words.
    """

    algorithm: str
    lock: str
    reason: str = ""


def ask(
    session: Connection, alter: Alter, engine: str, clauses: tuple[str, ...] | None = None
) -> tuple[Answer | None, EngineError | None]:
    """Run an ALTER the cheapest way that the engine takes.

    Returns the way, or the engine's refusal; neither where it asserts what the engine cannot.
    """
    reason = ""
    for algorithm, lock in ways(alter, engine):
        try:
            execute(session, alter.asking(algorithm, lock, clauses))
        except MySQLError as error:
            if error.args[0] not in UNSUPPORTED:
                return None, engine_error(session, error)
            reason = reason or _reason(str(error.args[1]))
            continue
        return Answer(algorithm, lock or "NONE", "" if algorithm == "INSTANT" else reason), None
    return None, None


def ways(alter: Alter, engine: str) -> list[tuple[str, str]]:
    """List algorithms and locks from the cheapest, within what the statement asserts."""
    known = MARIADB_ALGORITHMS if engine == "mariadb" else MYSQL_ALGORITHMS
    last = alter.algorithm if alter.algorithm in known else known[-1]
    algorithms = known[: known.index(last) + 1] if last != "COPY" else known
    if alter.algorithm == "COPY":
        algorithms = ("COPY",)  # the engine does as it is told
    locks = LOCKS[: LOCKS.index(alter.lock) + 1] if alter.lock in LOCKS else LOCKS
    found = [(algorithm, lock) for algorithm in algorithms for lock in locks]
    if engine == "mysql" and algorithms[0] == "INSTANT":  # which takes no LOCK but DEFAULT there
        return [("INSTANT", ""), *found[len(locks) :]]
    return found


def _reason(message: str) -> str:
    """Take the reason out of "ALGORITHM=INSTANT is not supported. Reason: … Try …"."""
    _, mark, rest = message.partition("Reason: ")
    return rest.partition(". Try")[0] if mark else ""
