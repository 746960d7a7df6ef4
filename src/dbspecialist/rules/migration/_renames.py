"""What rules about renamed and moved tables share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._code import broken_by, by_old_code, code_evidence, says_old_code
from dbspecialist.rules.migration._columns import altered, mentions
from dbspecialist.rules.migration._routines import naming_table
from dbspecialist.rules.migration._tables import is_filled

UNDEFINED_TABLE = "42P01"

_RELATIONS = ("table", "view", "materialized view", "foreign table")


def _schema(name: str) -> str:
    """Return the schema of a qualified name."""
    return name.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Renamed:
    """A filled table that has another name, with nothing under the old one.

    Args:
        trial: The migration's.
        run: Tells the statements of the application.
        statement: It renames or moves the table.
        old: The table's name before the migration.
        new: Its name after it.
    """

    trial: Trial
    run: Run
    statement: StatementEffects
    old: str
    new: str

    def finding(self, told: str, done: str) -> Finding:
        """Return the finding, of a severity that follows from the code that names the table.

        Args:
            told: The verb of the message ("becomes").
            done: The verb of the proof ("renames").
        """
        broken = broken_by(self.trial, self.old, UNDEFINED_TABLE)
        routines = naming_table(self.run, self.old)
        return finding(
            severity=by_old_code(self.run, broken, routines),
            message=f"Table {self.old} {told} {self.new}: "
            f"{says_old_code(self.run, broken, routines)}",
            location=at(self.trial, self.statement),
            evidence=(
                seen(f"{done} {self.old} to {self.new}"),
                code_evidence(self.run, broken),
                *(item.proof for item in routines),
            ),
            help=f"CREATE VIEW {self.old} AS SELECT * FROM {self.new}, in the same transaction",
            relation=self.new,
        )


def renamed_tables(trial: Trial, run: Run, *, moved: bool) -> Iterator[Renamed]:
    """Yield filled tables that are moved to another schema, or those renamed within theirs."""
    for item in trial.differences:
        new = item.after
        if item.before is not None or new is None or new.kind != "table":
            continue
        old = trial.before.get("table", run.renamed.get(new.name, new.name))
        if old is None or any(trial.after.get(kind, old.name) for kind in _RELATIONS):
            continue
        statement = _statement(trial, old, new)
        if statement is None or not is_filled(trial, run, old.name):
            continue
        if (_schema(old.name) != _schema(new.name)) == moved:
            yield Renamed(trial, run, statement, old.name, new.name)


def _statement(trial: Trial, old: SchemaObject, new: SchemaObject) -> StatementEffects | None:
    for statement in trial.statements:
        if new.name in altered(statement) or _schema(new.name) in altered(statement):
            return statement
    return next((item for item in trial.statements if mentions(item, old.name)), None)
