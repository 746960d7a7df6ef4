"""Writing fixes into Sequelize migrations, with `queryInterface.sequelize.query`.

Nothing wraps a Sequelize migration in a transaction: each query commits by itself, and several
that belong together get a transaction of their own ("Managed transactions", Sequelize's manual).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbspecialist.facts.change import FileEdit, Phase
from dbspecialist.facts.trial import Trial
from dbspecialist.toolchains.node.calls import NodeCall
from dbspecialist.toolchains.node.writing import literal, written
from dbspecialist.toolchains.sequelize.project import SequelizeProject
from dbspecialist.toolchains.writing import Replacements


def rewritten(
    project: SequelizeProject, trial: Trial, replacements: Replacements
) -> tuple[FileEdit, ...]:
    """Return the migration's file with the phases in place of the calls."""
    if any(trial.statements[index].in_transaction for index in replacements):
        return ()
    return written(project.root, trial, replacements, _code)


def _code(call: NodeCall, phases: Sequence[Phase], _in_transaction: bool) -> Iterator[str]:
    sequelize = f"{call.runner}.sequelize"
    for phase in phases:
        yield f"// {phase.title}"
        if phase.transactional and len(phase.up) > 1:
            yield f"await {sequelize}.transaction(async (transaction) => {{"
            for sql in phase.up:
                yield f"  await {sequelize}.query({literal(sql)}, {{ transaction }})"
            yield "})"
        else:
            for sql in phase.up:
                yield f"await {sequelize}.query({literal(sql)})"
