"""Fixes run on a stage in place of their statements, each in the state before its migration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dbspecialist.engines.postgresql.script import ScriptStatement
from dbspecialist.facts.change import FileEdit, Phase
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.proofs.fixes import SAME_CATALOGUE, unequal
from dbspecialist.proofs.mysql.effects import estimate_blocked
from dbspecialist.proofs.mysql.rates import Rates
from dbspecialist.proofs.mysql.scripts import NAME
from dbspecialist.proofs.mysql.trials import see_effects
from dbspecialist.proofs.scripts import Script, read_scripts
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.copies import copied
from dbspecialist.twins.mysql.stage import Stage

EDITED = "the edited file ends in the same catalogue"


@dataclass(frozen=True)
class Scene:
    """Where fixes are run.

    Args:
        stage: The server.
        project: Whose migrations they are.
        before: What the stage's schema does not hold yet, and runs first.
        scripts: The migrations that were tried, in running order.
        run: What was seen of them.
        rates: This machine's rates.
    """

    stage: Stage
    project: Project
    before: Sequence[Script]
    scripts: Sequence[Script]
    run: Run
    rates: Rates

    def attempt(self, number: int, replacements: Mapping[int, Sequence[Phase]]) -> Trial:
        """Run one migration with phases in place of some of its statements."""
        script = self.scripts[number]
        up = [
            part
            for index, item in enumerate(script.up)
            for part in _parts(item, replacements.get(index))
        ]
        return self._seen(number, replace(script, up=tuple(up)))

    def edited(self, number: int, edits: Sequence[FileEdit]) -> Trial:
        """Run one migration from a copy of the project with edited files."""
        with copied(self.project, edits) as copy:
            revision = self.scripts[number].migration.revision
            migration = next(item for item in copy.history() if item.revision == revision)
            (script,) = read_scripts(copy, [migration], NAME)
        return self._seen(number, script)

    def _seen(self, number: int, script: Script) -> Trial:
        earlier = (*self.before, *self.scripts[:number])
        seen = see_effects(self.stage, earlier, [script], self.run)
        trial = seen.trials[script.migration.revision]
        known = self.run.trials[number]
        return replace(
            known,
            statements=estimate_blocked(trial.statements, self.run, self.rates),
            after=trial.after,
            rows_errors=(),
            rows_warnings={},
        )


def _parts(
    statement: ScriptStatement, phases: Sequence[Phase] | None
) -> tuple[ScriptStatement, ...]:
    if phases is None:
        return (statement,)
    return tuple(replace(statement, sql=sql) for phase in phases for sql in phase.up)


def same_catalogue(trial: Trial, tried: Trial, claim: str = SAME_CATALOGUE) -> Proof:
    """Say whether what was run instead ends where the migration ends."""
    refused = next((item.error for item in tried.statements if item.error), None)
    if refused is not None:
        return Proof(claim, "refuted", f"the engine refuses it: {refused.message}")
    different = unequal(trial.after, tried.after)
    if different:
        return Proof(claim, "refuted", f"it differs in {different}")
    return Proof(claim, "proven", "run on the twin in place of the statement")
