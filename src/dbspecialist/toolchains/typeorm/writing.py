"""Writing fixes into TypeORM migrations, with `queryRunner.query`.

The transaction that TypeORM has begun is committed before the phases and begun again behind them
("QueryRunner", TypeORM's manual): a `transaction = false` on the class would take it from the
statements that stay, and is refused in the mode `all`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbspecialist.facts.change import FileEdit, Phase
from dbspecialist.facts.trial import Trial
from dbspecialist.toolchains.node.calls import NodeCall
from dbspecialist.toolchains.node.writing import literal, written
from dbspecialist.toolchains.typeorm.project import TypeormProject
from dbspecialist.toolchains.writing import Replacements


def rewritten(
    project: TypeormProject, trial: Trial, replacements: Replacements
) -> tuple[FileEdit, ...]:
    """Return the migration's file with the phases in place of the calls."""
    return written(project.root, trial, replacements, _code)


def _code(call: NodeCall, phases: Sequence[Phase], in_transaction: bool) -> Iterator[str]:
    runner = call.runner
    begin, commit = f"await {runner}.startTransaction()", f"await {runner}.commitTransaction()"
    if in_transaction:
        yield commit
    for phase in phases:
        together = phase.transactional and len(phase.up) > 1
        yield f"// {phase.title}"
        if together:
            yield begin
        for sql in phase.up:
            yield f"await {runner}.query({literal(sql)})"
        if together:
            yield commit
    if in_transaction:
        yield begin
