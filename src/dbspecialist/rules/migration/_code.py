"""What rules about old code share: which statements of the application a change breaks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dbspecialist.facts.finding import Severity
from dbspecialist.facts.names import bare, last
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.walked import Broken
from dbspecialist.rules.migration._routines import Routine, is_run


def broken_by(trial: Trial, name: str, *sqlstates: str) -> Broken | None:
    """Return the first statement that fails after a migration because a name is gone."""
    word = re.compile(rf"(?<![\w$]){re.escape(bare(last(name)))}(?![\w$])")
    return next(
        (
            item
            for item in trial.broken
            if item.error.sqlstate in sqlstates and word.search(item.error.message)
        ),
        None,
    )


def knows_code(run: Run) -> bool:
    """Tell whether statements of the application are known."""
    return run.snapshot is not None and bool(run.snapshot.workload)


def code_evidence(run: Run, broken: Broken | None) -> Proof:
    """Return the proof that the application's statements work after a migration."""
    claim = "the statements of the application work after the migration"
    if broken is not None:
        shown = broken.statement.query if len(broken.statement.query) <= 200 else "a statement"
        return Proof(claim, "refuted", f"{shown}: {broken.error.message}")
    if run.snapshot is not None and run.snapshot.workload:
        basis = "planned on the twin after the migration"
        return Proof(claim, "tested", basis, len(run.snapshot.workload))
    return Proof(claim, "unchecked", "the snapshot holds no statements of the application")


def by_old_code(run: Run, broken: Broken | None, routines: Sequence[Routine] = ()) -> Severity:
    """Return `error` for code that breaks, `warning` where none is known or a trigger runs it."""
    if broken is not None:
        return "error"
    return "info" if knows_code(run) and not is_run(routines) else "warning"


def says_old_code(run: Run, broken: Broken | None, routines: Sequence[Routine] = ()) -> str:
    """Say what becomes of code that names what is gone."""
    if broken is not None:
        return f"a statement of the application fails with {broken.error.sqlstate}"
    if routines:
        return told_routines(routines)
    if knows_code(run):
        return "no known statement of the application names it"
    return "code that names it fails, and none is known"


def told_routines(routines: Sequence[Routine]) -> str:
    """Name the first of the functions that name what is gone, and count the others."""
    more = f", and {len(routines) - 1} more do" if len(routines) > 1 else ""
    return f"{routines[0].text}{more}"
