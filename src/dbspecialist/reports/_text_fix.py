"""A fix in text: its phases, their statements, and what changes in files."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from dbspecialist.facts.change import Change, FileEdit, Phase
from dbspecialist.facts.units import plural
from dbspecialist.reports._clean import visible

#: Lines of a file's change that are shown; --fix writes all of them.
SHOWN = 40
INDENT = 3
LINE_COLOURS = {"+": "green", "-": "red", "@": "dim"}


def fix_text(fix: Change) -> Group:
    """Write a fix: what it does, why it is safe or not, and each phase."""
    why = f"{'safe' if fix.safe else 'to be read first'}: {visible(fix.why)}"
    parts: list[RenderableType] = [Text(visible(fix.summary)), Text(why, "dim")]
    for number, phase in enumerate(fix.phases, 1):
        parts += _phase(phase, number)
    return Group(*parts)


def _phase(phase: Phase, number: int) -> Iterator[RenderableType]:
    title = Text(f"{number}. {visible(phase.title)}")
    if not phase.transactional:
        title.append(", outside a transaction", "dim")
    yield title
    if phase.when:
        yield _indented(Text(f"when {visible(phase.when)}", "dim"))
    for statement in phase.up:
        yield _indented(Text(f"{visible(statement)};", "cyan"))
    for edit in phase.edits:
        yield _indented(Text(f"--fix writes {visible(edit.path)}", "dim"))
        yield from map(_indented, _difference(edit))


def _indented(text: Text) -> Padding:
    return Padding(text, (0, 0, 0, INDENT))


def _difference(edit: FileEdit) -> Iterator[Text]:
    lines = list(_changed_lines(edit))
    for line in lines[:SHOWN]:
        yield Text(visible(line), LINE_COLOURS.get(line[:1], ""))
    if len(lines) > SHOWN:
        yield Text(plural(len(lines) - SHOWN, "more line"), "dim")


def _changed_lines(edit: FileEdit) -> Iterator[str]:
    """Yield the file's change as a unified diff without its heading; all of a new file."""
    file = Path(edit.path)
    old = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    lines = unified_diff(old.splitlines(), edit.text.splitlines(), n=2, lineterm="")
    return (line for number, line in enumerate(lines) if number >= 2)
