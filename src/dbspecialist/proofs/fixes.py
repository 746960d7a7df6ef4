"""Fixes: what to write instead, run on a stage before it is shown.

A fix is proven where the migration with the fix in place of the statement ends in the same
catalogue, and its rule finds nothing any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dbspecialist.facts.catalogue import Catalogue, Difference, differences
from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Trial
from dbspecialist.proofs.rows import is_version_table
from dbspecialist.toolchains.base import Mark, MigrationFailed, Target
from dbspecialist.toolchains.sending import Sender
from dbspecialist.twins.observed.observer import Observer

SAME_CATALOGUE = "the fix ends in the same catalogue"

#: Statements of one migration by position, and the phases to run instead.
Replacements = Mapping[int, Sequence[Phase]]


@dataclass(frozen=True)
class Attempt:
    """A migration run with fixes in place of some statements.

    Args:
        statements: What was seen instead.
        after: The catalogue it ended in.
        failure: The engine's refusal, or "".
        unchecked: Why it was not run, or "".
    """

    statements: tuple[StatementEffects, ...] = ()
    after: Catalogue = field(default_factory=Catalogue)
    failure: str = ""
    unchecked: str = ""


def attempt(
    trial: Trial,
    replacements: Replacements,
    observer: Observer,
    read: Callable[[], Catalogue],
) -> Attempt:
    """Run a trial's statements on an observed database, the replaced ones as their phases.

    Args:
        trial: The migration, whose state before it the database has.
        replacements: Phases by the position of the statement they replace.
        observer: Of that database.
        read: Reads that database's catalogue.
    """
    if _sends_values(trial):
        return Attempt(unchecked=_NOT_KEPT)
    observer.take()
    with Sender(Target(observer.url, observer.mark)) as sender:
        failure = _send(trial, replacements, sender)
    return Attempt(tuple(item.effects for item in observer.take()), read(), failure)


def replay(trial: Trial, sender: Sender) -> Attempt:
    """Run a trial's statements as they are, for what comes after it.

    Args:
        trial: The migration, whose state before it the database has.
        sender: To that database, as the role that runs migrations.
    """
    if _sends_values(trial):
        return Attempt(unchecked=_NOT_KEPT)
    failure = _send(trial, {}, sender)
    sender.renew()
    return Attempt(trial.statements, trial.after, failure)


_NOT_KEPT = "it sends values beside its text, which are not kept"


def _sends_values(trial: Trial) -> bool:
    return any(item.parameters for item in trial.statements)


def _send(trial: Trial, replacements: Replacements, sender: Sender) -> str:
    """Send a trial's statements and return the engine's refusal, or ""."""
    mark = Mark(trial.migration.revision)
    try:
        for sql in script(trial, replacements):
            sender.query(mark, sql)
    except MigrationFailed as error:
        return error.reason
    return ""


def script(trial: Trial, replacements: Replacements) -> list[str]:
    """Return the statements to send, with the transactions that the runner would make.

    A phase outside of a transaction ends the transaction around it and begins another.
    """
    sent: list[str] = []
    open_ = 0
    for number, statement in enumerate(trial.statements):
        for part, transactional in _parts(statement, replacements.get(number)):
            wanted = statement.transaction if transactional and statement.in_transaction else 0
            if open_ and open_ != wanted:
                sent.append("COMMIT")
                open_ = 0
            if wanted and not open_:
                sent.append("BEGIN")
                open_ = wanted
            sent.extend(part)
    return [*sent, "COMMIT"] if open_ else sent


def _parts(
    statement: StatementEffects, phases: Sequence[Phase] | None
) -> list[tuple[Sequence[str], bool]]:
    if phases is None:
        return [((statement.sql,), True)]
    return [
        (("BEGIN", *phase.up, "COMMIT") if phase.transactional else phase.up, False)
        for phase in phases
    ]


def judge(trial: Trial, tried: Attempt) -> Proof:
    """Say whether a fixed migration ends where the original ended."""
    if tried.unchecked:
        return Proof(SAME_CATALOGUE, "unchecked", tried.unchecked)
    if tried.failure:
        return Proof(SAME_CATALOGUE, "refuted", f"the engine refuses it: {tried.failure}")
    different = unequal(trial.after, tried.after)
    if different:
        return Proof(SAME_CATALOGUE, "refuted", f"it differs in {different}")
    return Proof(SAME_CATALOGUE, "proven", "run on the twin in place of the statement")


def unequal(before: Catalogue, after: Catalogue) -> str:
    """Name what differs between two catalogues, toolchains' version tables left out, or ""."""
    return ", ".join(
        _named(item)
        for item in differences(before, after)
        if not any(is_version_table(name) for name in (item.object.name, item.object.parent))
    )


def _named(item: Difference) -> str:
    words = f"{item.object.kind} {item.object.name}"
    return f"{words} ({', '.join(item.changed)})" if item.changed else words


def fixed_trial(trial: Trial, tried: Attempt) -> Trial:
    """Return the trial as it is with the fix, for the rules to judge."""
    return replace(trial, statements=tried.statements, after=tried.after, rows_errors=())
