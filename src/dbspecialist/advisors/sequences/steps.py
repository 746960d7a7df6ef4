"""The steps of a request: phases with the locks, time-outs and transactions that they need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dbspecialist.facts.change import Phase, Stage
from dbspecialist.facts.model_edit import ModelEdit

#: How long a short lock is waited for: whoever comes after waits as long.
LOCK_TIMEOUT = "2s"
LOCAL = f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"
SESSION = f"SET lock_timeout = '{LOCK_TIMEOUT}'"
#: No limit: what waits without being waited for.
UNLIMITED = "SET lock_timeout = 0"

#: What a way back is that has nothing to take back: a runner that demands one finds it.
NOTHING_BACK = "SELECT 'nothing to take back: the values stay until the phase before is taken back'"


@dataclass(frozen=True)
class Steps:
    """How a request is carried out.

    Args:
        phases: In order.
        wanted: The statements that lead there on a database that nobody uses: the phases must
            end in the same catalogue.
        losses: What rows lose, one clause each.
        notes: What was decided or is to be known, one sentence each.
        lasting: Names of tables and columns that the phases leave behind, to be dropped by hand.
        models: How models change with the first phase, where that does not follow from the schema.
    """

    phases: tuple[Phase, ...]
    wanted: tuple[str, ...]
    losses: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    lasting: tuple[str, ...] = ()
    models: tuple[ModelEdit, ...] = ()


def short(
    title: str,
    up: Iterable[str],
    down: Iterable[str],
    *,
    when: str = "",
    checks: Iterable[str] = (),
    stage: Stage = "",
) -> Phase:
    """Return a phase of short statements in one transaction that gives up on a lock soon."""
    return Phase(
        title,
        (LOCAL, *up),
        (LOCAL, *down),
        when=when,
        checks=tuple(checks),
        stage=stage,
    )


def stepwise(
    title: str,
    up: Iterable[str],
    down: Iterable[str],
    *,
    when: str = "",
    checks: Iterable[str] = (),
    stage: Stage = "",
) -> Phase:
    """Return a phase of statements that are a transaction each, and give up on a lock soon."""
    return Phase(
        title,
        (SESSION, *up, "RESET lock_timeout"),
        (SESSION, *down, "RESET lock_timeout"),
        transactional=False,
        when=when,
        checks=tuple(checks),
        stage=stage,
    )


def patient(
    title: str,
    up: Iterable[str],
    down: Iterable[str],
    *,
    lifted: Iterable[str] = (),
    when: str = "",
    checks: Iterable[str] = (),
    stage: Stage = "",
) -> Phase:
    """Return a phase of statements that wait for long and block nobody meanwhile.

    Args:
        title: What it does.
        up: Its statements.
        down: Those of its way back.
        lifted: Time-outs in force for the role that runs migrations, which would cut it short.
        when: What must be true before it may run.
        checks: Queries that are true then.
        stage: What it is to code that runs meanwhile.
    """
    off = [f"SET {name} = 0" for name in lifted]
    on = [f"RESET {name}" for name in lifted]
    return Phase(
        title,
        (*off, *up, *on),
        (*off, *down, *on),
        transactional=False,
        when=when,
        checks=tuple(checks),
        stage=stage,
    )
