"""A fix in text: its phases, their statements, and what changes in files."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

from rich.text import Text

from dbspecialist.facts.change import Change, FileEdit, Phase
from dbspecialist.facts.units import plural
from dbspecialist.reports._clean import visible

#: Lines of a file's change that are shown; --fix writes all of them.
SHOWN = 40
INDENT = "   "
LINE_COLOURS = {"+": "green", "-": "red", "@": "dim"}


def fix_text(fix: Change) -> Text:
    """Write a fix: what it does, why it is safe or not, and each phase."""
    text = Text(visible(fix.summary))
    text.append(f"\n{'safe' if fix.safe else 'to be read first'}: {visible(fix.why)}", "dim")
    for number, phase in enumerate(fix.phases, 1):
        _phase(text, phase, f"{number}. ")
    return text


def _phase(text: Text, phase: Phase, number: str) -> None:
    text.append(f"\n{number}{visible(phase.title)}")
    if not phase.transactional:
        text.append(", outside a transaction", "dim")
    if phase.when:
        text.append(f"\n{INDENT}when {visible(phase.when)}", "dim")
    for statement in phase.up:
        indented = visible(statement).replace("\n", f"\n{INDENT}")
        text.append(f"\n{INDENT}{indented};", "cyan")
    for edit in phase.edits:
        text.append(f"\n{INDENT}--fix writes {visible(edit.path)}", "dim")
        _difference(text, edit)


def _difference(text: Text, edit: FileEdit) -> None:
    lines = list(_changed_lines(edit))
    for line in lines[:SHOWN]:
        text.append(f"\n{INDENT}{visible(line)}", LINE_COLOURS.get(line[:1], ""))
    if len(lines) > SHOWN:
        text.append(f"\n{INDENT}{plural(len(lines) - SHOWN, 'more line')}", "dim")


def _changed_lines(edit: FileEdit) -> Iterator[str]:
    """Yield the file's change as a unified diff without its heading; all of a new file."""
    file = Path(edit.path)
    old = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    lines = unified_diff(old.splitlines(), edit.text.splitlines(), n=2, lineterm="")
    return (line for number, line in enumerate(lines) if number >= 2)
