"""What rules about TRUNCATE share: which tables it emptied, and which of them it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.names import last
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._columns import mentions
from dbspecialist.rules.migration._tables import family, knows, named_at, rows_of

_WORD = re.compile(r"\btruncate\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Loss:
    """A filled table that a statement empties.

    Args:
        trial: The migration's.
        statement: It empties the table.
        table: The table.
        rows: What it loses, in words; `known` is whether the snapshot has its size.
    """

    trial: Trial
    statement: StatementEffects
    table: str
    rows: str
    known: bool

    def finding(self, message: str, help: str) -> Finding:
        """Return the finding: an error where the rows are known."""
        verdict = Proof(
            f"{self.table} has no rows to lose",
            "refuted" if self.known else "unchecked",
            f"{self.rows} as of the snapshot" if self.known else "the snapshot has no size for it",
        )
        return finding(
            severity="error" if self.known else "warning",
            message=message,
            location=at(self.trial, self.statement),
            evidence=(seen(f"replaces the file of {self.table} by an empty one"), verdict),
            help=help,
            relation=self.table,
        )


def losses(trial: Trial, run: Run, *, named: bool) -> Iterator[Loss]:
    """Yield the filled tables that statements empty, those that they name or the others."""
    for statement in trial.statements:
        for table, is_named in emptied(trial, statement, run):
            if is_named == named:
                known = knows(trial, run, table, statement)
                lost = count(rows_of(trial, run, table, statement))
                rows = f"about {lost} rows" if known else "its rows"
                yield Loss(trial, statement, table, rows, known)


def emptied(trial: Trial, statement: StatementEffects, run: Run) -> Iterator[tuple[str, bool]]:
    """Yield the filled tables that a statement empties, and whether it names them.

    The engine gives an emptied table a new file, as it does a rewritten one; inside of a DO
    block only the text tells the two apart.
    """
    if "TRUNCATE TABLE" not in statement.tags and not _WORD.search(statement.sql):
        return
    replaced = [
        table
        for table, reason in statement.rewrites.items()
        if reason == "its storage is replaced" and not run.at(statement).is_empty(table)
    ]
    heads = [
        item.name
        for item in trial.before.of_kind("table")
        if mentions(statement, last(named_at(trial, statement, item.name)))
    ]
    named = {name for head in heads for name in family(trial.before, head)}
    names = (trial.name_before(table, statement) for table in replaced)
    before = (name for name in names if not _is_sequence(trial, name))
    whole = {_head(trial, table, named): None for table in before}
    for table in whole:
        yield named_at(trial, statement, table), table in named


def _is_sequence(trial: Trial, name: str) -> bool:
    """Tell whether a relation is a sequence: RESTART IDENTITY gives it a new file too."""
    return any(known.get("sequence", name) for known in (trial.before, trial.after))


def _head(trial: Trial, table: str, named: set[str]) -> str:
    """Return the named table that a partition belongs to, or the table itself."""
    found = trial.before.get("table", table)
    parent = found.attributes.get("partition_of", "") if found else ""
    return _head(trial, parent, named) if parent in named else table
