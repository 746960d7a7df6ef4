"""Projects of which nothing can be tried: an error, or a build would be green without a trial."""

from __future__ import annotations

from pathlib import Path

from dbspecialist.facts.cutting import cut_quotes
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.finding import Finding, Location
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import plural
from dbspecialist.rules.history.try_every_migration import remedy
from dbspecialist.tasks.places import from_here
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.pending import Pending

RULE = "try-every-migration"


class UntriedError(InputError):
    """A project of whose pending migrations not even the first can be started."""

    def __init__(self, run: Run, root: Path) -> None:
        self.run, self.root = run, root
        first = self.first = next(item for item in run.trials if not item.migration.not_run)
        super().__init__(
            first.untried,
            str(root / first.migration.path),
            f"mend it, {remedy(first.migration.toolchain)}",
        )

    def finding(self) -> Finding:
        """Say it as a finding, beside the reports of other projects."""
        first = self.first
        reason = f"{first.migration.revision}: {first.untried}"
        number = plural(len(self.run.trials), "migration")
        return Finding(
            rule=RULE,
            severity="error",
            message=f"0 of {number} tried: {reason}",
            location=Location(from_here(self.root / first.migration.path)),
            evidence=(Proof("every pending migration was tried", "unchecked", reason),),
            help=self.todo,
        )


def refuse_untried(run: Run, root: Path) -> None:
    """Refuse a project whose first pending migration stops before its first statement.

    Raises:
        UntriedError: Where it does.
    """
    first = next((item for item in run.trials if not item.migration.not_run), None)
    if first is None:
        return
    if first.untried and not first.statements:
        raise UntriedError(run, root)
    if len(run.trials) == 1 and first.migration.toolchain == "sql":
        _refuse_prose(first, root)


def _refuse_prose(trial: Trial, root: Path) -> None:
    """Refuse a file of one statement that the engine does not take for SQL from its first word."""
    statements = trial.statements
    error = statements[0].error if len(statements) == 1 else None
    words = statements[0].sql.split(maxsplit=1) if error else []
    first = cut_quotes(f'syntax error at or near "{words[0]}"') if words else ""
    if error and error.message == first:
        path = str(root / trial.migration.path)
        raise InputError(f"holds no SQL: {error.message}", path, "name a file of SQL")


def nothing_pending(project: Project, division: Pending) -> str:
    """Say why none of a project's migrations is run."""
    where = f"{project.name} in {from_here(project.root)}"
    if not division.before:
        return f"{where}: no migrations are there"
    return f"{where}: none of {plural(len(division.before), 'migration')} is pending"
