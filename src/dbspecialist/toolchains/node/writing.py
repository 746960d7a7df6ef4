"""Writing phases in place of the calls of a JavaScript or TypeScript migration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from dbspecialist.facts.change import FileEdit, Phase
from dbspecialist.facts.trial import Trial
from dbspecialist.toolchains.node.calls import NodeCall, calls_of_up
from dbspecialist.toolchains.writing import Replacements

#: Returns the lines of code that run phases, without indentation and semicolons.
Code = Callable[[NodeCall, Sequence[Phase], bool], Iterator[str]]


def written(
    root: Path, trial: Trial, replacements: Replacements, code: Code
) -> tuple[FileEdit, ...]:
    """Return a migration's file with phases in place of the calls that sent the statements.

    Args:
        root: The project's folder.
        trial: The migration and its statements.
        replacements: Phases by the position of the statement that they replace.
        code: Returns the lines that run a statement's phases; its last argument says whether the
            statement ran in a transaction.
    """
    data = (root / trial.migration.path).read_bytes()
    calls = calls_of_up(data)
    chosen: list[tuple[NodeCall, list[str]]] = []
    for index, phases in replacements.items():
        statement = trial.statements[index]
        line = statement.line
        here = [item for item in trial.statements if item.line == line]
        found = [item for item in calls if line is not None and item.spans(line)]
        if len(found) != 1 or not found[0].is_exact or len(here) != 1:
            return ()
        chosen.append((found[0], list(code(found[0], phases, statement.in_transaction))))
    newline = "\r\n" if b"\r\n" in data else "\n"
    for call, lines in sorted(chosen, key=lambda item: -item[0].start):
        text = newline.join(_finished(lines, call)).removeprefix(call.indent)
        data = data[: call.start] + text.encode() + data[call.end :]
    return (FileEdit(trial.migration.path, data.decode()),)


def _finished(lines: Sequence[str], call: NodeCall) -> Iterator[str]:
    for line in lines:
        ends = call.closed and not line.startswith("//") and not line.endswith(("{", "(", ","))
        yield f"{call.indent}{line}{';' if ends else ''}"


def literal(sql: str) -> str:
    """Return a statement as a JavaScript template, which keeps its lines and quotes."""
    text = sql.strip().replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${")
    return f"`{text}`"
