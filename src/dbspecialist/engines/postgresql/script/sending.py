"""psql's \\g and its kin: they send the statement so far, and some go by what it answers.

The manual page of psql, "Meta-Commands", on \\g, \\gexec and \\gset.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dbspecialist.engines.postgresql.script.arguments import Arguments
from dbspecialist.engines.postgresql.script.reader import NotOneRowError, Rows, ScriptStatement
from dbspecialist.facts.errors import InputError

if TYPE_CHECKING:
    from dbspecialist.engines.postgresql.script.reader import Reader

COMMANDS = frozenset({"g", "gx", "crosstabview", "gdesc", "gexec", "gset"})


def send(reader: Reader, name: str, arguments: Arguments, path: Path | None, place: str) -> None:
    """Send the statement so far as a command says.

    Raises:
        NotOneRowError: Where `\\gset` gets no row or several.
        InputError: Where nothing is run, and what follows depends on rows.
    """
    asks = name in {"gexec", "gset"}
    if asks and reader.send is None and not reader.foresees:
        what = "statements are" if name == "gexec" else "values are"
        raise InputError(
            f"\\{name} is not run: its {what} known only from rows",
            place,
            "take it out of the script",
        )
    statement = reader.taken_or_last(path)
    if name == "gdesc":
        reader.notes.append(f"{place}: \\gdesc was passed over")
        return
    if arguments.words and not asks:
        reader.notes.append(f"{place}: \\{name} wrote nothing to {' '.join(arguments.words)}")
    rows = reader.deliver(statement)
    if asks and reader.send is None:
        reader.variables.answered()
    elif name == "gset":
        _set(reader, "".join(arguments.words[:1]), rows, place)
    elif name == "gexec" and statement is not None:
        for sql in (value for row in rows.values for value in row):
            if sql is not None:
                reader.deliver(replace(statement, sql=sql))


def _set(reader: Reader, prefix: str, rows: Rows, place: str) -> None:
    if len(rows.values) != 1:
        raise NotOneRowError(
            f"\\gset gets {len(rows.values)} rows, and needs one", place, "write a query of one row"
        )
    for name, value in zip(rows.names, rows.values[0], strict=True):
        if value is None:
            reader.variables.unset(prefix + name)
        else:
            reader.variables.set(prefix + name, value)


def statement(reader: Reader, sql: str, line: int, path: Path | None) -> ScriptStatement:
    """Return a statement that psql makes itself."""
    return ScriptStatement(sql, line, path=path if path != reader.main else None)


def with_data(made: ScriptStatement, data: str | None) -> ScriptStatement:
    """Return a COPY with the lines that are sent after it."""
    return replace(made, data=data)
