"""What migrations do by the rows that they find: seen on an empty twin, it is not all."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.facts.effects import EngineError


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure on empty tables that rows of production may prevent.

    Args:
        sql: The statement that the engine refused, or "" where the migration's code stopped.
        reason: The refusal, or why the code stopped.
        relations: Tables without rows on the twin that it depends on, by their present names.
        passed: Whether it went through with made-up rows.
        error: The engine's refusal.
        given: Rows among those that it went through with of which statistics do not tell that
            production has them, as `table with column = value`.
    """

    sql: str
    reason: str
    relations: tuple[str, ...]
    passed: bool
    error: EngineError | None = None
    given: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """Code that reads tables without rows on the twin and may go other ways by what it finds.

    Args:
        index: The statement's place in its migration, from 0.
        relations: The tables, by their present names.
        more: What was seen besides with made-up rows, one phrase each.
        tried: Whether it ran through with made-up rows.
        client: Whether the code is the migration's own, outside of the server.
    """

    index: int
    relations: tuple[str, ...]
    more: tuple[str, ...] = ()
    tried: bool = False
    client: bool = False
