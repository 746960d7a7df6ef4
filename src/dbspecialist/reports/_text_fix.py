"""A fix in text: its phases, their statements, and what changes in files."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from dbspecialist.facts.change import Change, FileEdit, Phase
from dbspecialist.facts.units import plural
from dbspecialist.reports._clean import visible
from dbspecialist.reports._difference import changed_lines

#: Lines of a file's change that are shown; --fix writes all of them.
SHOWN = 40
INDENT = 3
LINE_COLOURS = {"+": "green", "-": "red", "@": "dim"}


def fix_text(fix: Change, shown: set[FileEdit]) -> Group:
    """Write a fix: what it does, why it is safe or not, and each phase.

    Args:
        fix: What to write.
        shown: Edits that are in the report already; fixes of one file have them in common.
    """
    why = f"{'safe' if fix.safe else 'to be read first'}: {visible(fix.why)}"
    parts: list[RenderableType] = [Text(visible(fix.summary)), Text(why, "dim")]
    for number, phase in enumerate(fix.phases, 1):
        parts += _phase(phase, number, shown)
    return Group(*parts)


def _phase(phase: Phase, number: int, shown: set[FileEdit]) -> Iterator[RenderableType]:
    title = Text(f"{number}. {visible(phase.title)}")
    if phase.present:
        title.append(", which is there", "dim")
    if not phase.transactional:
        title.append(", outside a transaction", "dim")
    yield title
    if phase.when:
        yield _indented(Text(f"when {visible(phase.when)}", "dim"))
    for statement in phase.up:
        yield _indented(Text(f"{visible(statement)};", "cyan"))
    for edit in phase.edits:
        again = ", as above" if edit in shown else ""
        yield _indented(Text(f"--fix writes {visible(edit.path)}{again}", "dim"))
        if not again:
            yield from map(_indented, _difference(edit))
        shown.add(edit)


def _indented(text: Text) -> Padding:
    return Padding(text, (0, 0, 0, INDENT))


def _difference(edit: FileEdit) -> Iterator[Text]:
    lines = list(changed_lines(edit))
    for line in lines[:SHOWN]:
        yield Text(visible(line), LINE_COLOURS.get(line[:1], ""))
    if len(lines) > SHOWN:
        yield Text(plural(len(lines) - SHOWN, "more line"), "dim")
