"""The body of one migration in text: what each statement does, and the lock timeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.units import count, plural
from dbspecialist.reports._clean import one_line, visible
from dbspecialist.reports._timeline import Wait, cells, lanes, written

LEGEND = "█ reads and writes wait   ▓ writes wait   ░ other DDL waits"
WAITING = {"reads": "reads and writes wait", "writes": "writes wait", "ddl": "other DDL waits"}
#: The columns for relations' names: as a rule, and before a name is folded.
NAMES, LONGEST = 30, 48
BAR_COLOURS = {"█": "red", "▓": "yellow", "░": "dim"}
#: From here on, statements without an effect on what existed are only counted.
MANY = 8


def migration_body(console: Console, statements: Sequence[StatementEffects]) -> None:
    """Print the statements that do something to what existed, and the timeline of their locks."""
    shown = [
        (number, item)
        for number, item in enumerate(statements, 1)
        if len(statements) <= MANY or notable(item)
    ]
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(justify="right", style="dim", width=4)
    table.add_column(ratio=1, overflow="fold")
    for number, item in shown:
        table.add_row(str(number), _statement(item, console.width - 8))
    if len(shown) < len(statements):
        rest = plural(len(statements) - len(shown), "more statement")
        table.add_row("", Text(f"{rest} without an effect on existing tables", "dim"))
    console.print(table)
    _timeline(console, statements)


def notable(statement: StatementEffects) -> bool:
    """Say whether a statement does anything to what existed, or was not observed."""
    return bool(
        statement.error
        or statement.unchecked
        or statement.rewrites
        or statement.scans
        or statement.rows_modified
        or statement.invalid_indexes
        or any(
            {"reads", "writes"} & set(lock.blocks) for lock in (*statement.locks, *statement.held)
        )
    )


def _statement(statement: StatementEffects, room: int) -> Text:
    text = Text(one_line(statement.sql, room))
    effects = " · ".join(_effects(statement))
    if effects:
        text.append(f"\n{effects}", "dim")
    if statement.error is not None:
        said = f"fails: {statement.error.sqlstate} {visible(statement.error.message)}"
        text.append(f"\n{said}", "red")
    if statement.unchecked:
        text.append(f"\nunchecked: {visible(statement.unchecked)}", "yellow")
    return text


def _effects(statement: StatementEffects) -> Iterator[str]:
    if statement.algorithm:  # MySQL and MariaDB
        why = f" ({visible(statement.reason)})" if statement.reason else ""
        yield f"ALGORITHM={statement.algorithm}{why}"
    yield from (f"rewrites {visible(relation)}" for relation in statement.rewrites)
    yield from (f"scans {visible(relation)}" for relation in statement.scans)
    for relation, rows in statement.rows_modified.items():
        word = "row" if round(rows) == 1 else "rows"
        yield f"changes {count(rows)} {word} of {visible(relation)}"
    for name in statement.drops:
        yield f"{'takes along' if name in statement.cascades else 'drops'} {visible(name)}"
    yield from (f"leaves {visible(name)} invalid" for name in statement.invalid_indexes)


def _timeline(console: Console, statements: Sequence[StatementEffects]) -> None:
    found = lanes(statements)
    console.print()
    if not found:
        console.print(Padding(Text("no lock that anything waits for", "dim"), (0, 0, 0, 2)))
        return
    names = max(NAMES, *(len(visible(lane.relation)) for lane in found))
    wide = cells(len(statements), max(12, console.width - names - 50))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(max_width=LONGEST, no_wrap=names <= LONGEST, overflow="fold")
    table.add_column(no_wrap=True)
    table.add_column()
    for lane in found:
        bar = Text.assemble(*((part, BAR_COLOURS.get(part, "")) for part in lane.bar(wide)))
        told = Text("; ").join(_waiting(wait) for wait in lane.waits)
        table.add_row(visible(lane.relation), bar, told)
    console.print(Padding(table, (0, 0, 0, 2)))


def _waiting(wait: Wait) -> Text:
    return Text(f"{WAITING[wait.kind]} {written(wait)}").append(f" ({wait.mode})", "dim")
