"""A fix in text: its phases, their statements, and what changes in files."""

from __future__ import annotations

from collections.abc import Collection, Iterator

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


def fix_text(fix: Change, shown: Collection[FileEdit]) -> Group:
    """Write a fix: what it does, whether it is safe, and each phase.

    Args:
        fix: What to write.
        shown: Edits that are in the report already; fixes of one file have them in common.
    """
    parts: list[RenderableType] = [Text(visible(fix.summary)), Text(_safety(fix), "dim")]
    written = "\n".join(line for edit in new_edits(fix, shown) for line in _added(edit))
    for number, phase in enumerate(fix.phases, 1):
        parts += _phase(phase, number, shown, written)
    return Group(*parts)


def _added(edit: FileEdit) -> list[str]:
    """Return the lines that a change of a file is shown to add."""
    lines = list(changed_lines(edit))
    return [line[1:] for line in lines if line.startswith("+")] if len(lines) <= SHOWN else []


def _safety(fix: Change) -> str:
    """Say whether a fix is safe, and why where the proofs below it do not say so."""
    word = "safe" if fix.safe else "to be read first"
    proofs = "; ".join(f"{proof.claim}: {proof.verdict}" for proof in fix.proofs)
    return word if fix.why in proofs else f"{word}: {visible(fix.why)}"


def new_edits(fix: Change, shown: Collection[FileEdit]) -> list[FileEdit]:
    """List the edits of a fix that are not in the report yet."""
    return [edit for phase in fix.phases for edit in phase.edits if edit not in shown]


def _phase(
    phase: Phase, number: int, shown: Collection[FileEdit], written: str
) -> Iterator[RenderableType]:
    title = Text(f"{number}. {visible(phase.title)}")
    if phase.present:
        title.append(", which is there", "dim")
    if not phase.transactional:
        title.append(", outside a transaction", "dim")
    yield title
    if phase.when:
        yield _indented(Text(f"when {visible(phase.when)}", "dim"))
    for statement in phase.up:
        if statement not in written:  # it stands in the change of the file below
            yield _indented(Text(f"{visible(statement)};", "cyan"))
    several = sum(edit not in shown for edit in phase.edits) > 1
    if several:  # each stands below under its name
        yield _indented(Text("--fix writes:", "dim"))
    for edit in phase.edits:
        if edit in shown:
            yield _indented(Text(f"--fix writes {visible(edit.path)}, as above", "dim"))
        elif not several:
            yield _indented(Text(f"--fix writes {visible(edit.path)}:", "dim"))


def _indented(text: Text) -> Padding:
    return Padding(text, (0, 0, 0, INDENT))


def difference(edit: FileEdit, *, named: bool = False) -> Iterator[Text]:
    """Yield the lines of a file's change, below its path where it is one of several."""
    if named:
        yield Text(visible(edit.path), "bold")
    lines = list(changed_lines(edit))
    while lines and not lines[-1].strip():
        lines.pop()
    for line in lines[:SHOWN]:
        yield Text(visible(line), LINE_COLOURS.get(line[:1], ""))
    if len(lines) > SHOWN:
        yield Text(plural(len(lines) - SHOWN, "more line"), "dim")
