"""Writing fixes into Alembic revisions: the call that sent a statement, replaced by its phases.

A phase is committed by itself. One statement is written inside an `autocommit_block()`, which
commits what precedes it and each statement in it ("autocommit_block", Alembic's API manual);
several statements that belong together are written behind the block, in the transaction that
Alembic begins there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dbspecialist.facts.change import FileEdit, Phase
from dbspecialist.facts.trial import Trial
from dbspecialist.toolchains.alembic.calls import Call, calls_of_upgrade
from dbspecialist.toolchains.alembic.forms import execute, with_keyword
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.writing import Replacements


@dataclass(frozen=True)
class _Piece:
    """Lines of code, and whether they stand in an `autocommit_block()`."""

    lines: tuple[str, ...]
    block: bool


def rewritten(project: Project, trial: Trial, replacements: Replacements) -> tuple[FileEdit, ...]:
    """Return the revision's file with the phases in place of the calls that sent the statements."""
    data = (project.root / trial.migration.path).read_bytes()
    calls = calls_of_upgrade(data)
    chosen: dict[int, Call] = {}
    for index in replacements:
        line = trial.statements[index].line
        found = [item for item in calls if line is not None and item.spans(line)]
        if len(found) != 1 or not found[0].is_exact:
            return ()
        chosen[found[0].start] = found[0]
    written = _written(data, [chosen[start] for start in sorted(chosen)], trial, replacements)
    return (FileEdit(trial.migration.path, written.decode()),) if written else ()


def _written(
    data: bytes, calls: Sequence[Call], trial: Trial, replacements: Replacements
) -> bytes | None:
    """Return the file's new bytes; nothing where a phase has no form in its place."""
    parts: list[bytes] = []
    end, inside = 0, False
    for call in calls:
        pieces = _all_pieces(call, trial, replacements)
        if pieces is None:
            return None
        between = data[end : call.start]
        inside = inside and not between.strip()  # calls in a row share one block
        lines = list(_lines(pieces, call, inside))
        stripped = between.rstrip(b" \t")
        parts += [stripped, call.newline.join(lines).encode()]
        end, inside = call.end, pieces[-1].block
    return b"".join([*parts, data[end:]])


def _all_pieces(call: Call, trial: Trial, replacements: Replacements) -> list[_Piece] | None:
    sent = [
        number
        for number, item in enumerate(trial.statements)
        if item.line is not None and call.spans(item.line)
    ]
    phases: list[tuple[Phase, bool]] = []
    for number in sent:
        if number in replacements:
            phases += [(phase, True) for phase in replacements[number]]
        else:  # a call can send several statements; those that stay are written as they were sent
            phases.append((Phase("", (trial.statements[number].sql,)), False))
    if call.autocommits and any(len(phase.up) > 1 and phase.transactional for phase, _ in phases):
        return None
    alone = trial.statements[sent[0]].sql if len(sent) == 1 else ""
    return [
        piece
        for number, (phase, new) in enumerate(phases)
        for piece in _pieces(phase, new, call, alone if number == 0 else "")
    ]


def _pieces(phase: Phase, new: bool, call: Call, sent: str) -> Iterator[_Piece]:
    """Yield the lines of a phase; `sent` is what the call sends, where it can say the phase."""
    block = new and not call.autocommits and (not phase.transactional or len(phase.up) == 1)
    indent = call.indent + (call.unit if block else "")
    comment = (f"{indent}# {phase.title}",) if phase.title else ()
    says = sent and len(phase.up) == 1
    natural = with_keyword(call, sent, phase.up[0], indent) if says else None
    code = natural or [line for sql in phase.up for line in execute(call, sql, indent)]
    yield _Piece((*comment, *code), block)


def _lines(pieces: Sequence[_Piece], call: Call, inside: bool) -> Iterator[str]:
    for piece in pieces:
        if piece.block and not inside:
            yield f"{call.indent}with {call.op}.get_context().autocommit_block():"
        inside = piece.block
        yield from piece.lines
