"""The steps of a request: phases with the locks, time-outs and transactions that they need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dbspecialist.facts.change import Phase, Stage
from dbspecialist.facts.model_edit import ModelEdit

#: How long a short lock is waited for: whoever comes after waits as long.
LOCK_TIMEOUT = "2s"
LOCAL = f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"
#: For statements that are a transaction each; what sends them may set time-outs of its own.
LIMITED = f"SET lock_timeout = '{LOCK_TIMEOUT}'"
SESSION = (LIMITED, "SET statement_timeout = 0")
#: For what waits without being waited for: cut short, it would leave half of its work.
UNLIMITED = ("SET lock_timeout = 0", "SET statement_timeout = 0")
#: What ends either.
RESET = ("RESET lock_timeout", "RESET statement_timeout")

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
    """Return a phase of statements that are a transaction each, and give up on a lock soon.

    One of them may work for long, under a lock that lets reads and writes through.
    """
    return Phase(
        title,
        (*SESSION, *up, *RESET),
        (*SESSION, *down, *RESET),
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
    when: str = "",
    checks: Iterable[str] = (),
    stage: Stage = "",
) -> Phase:
    """Return a phase of statements that wait and work for long, and block nobody meanwhile."""
    return Phase(
        title,
        (*UNLIMITED, *up, *RESET),
        (*UNLIMITED, *down, *RESET),
        transactional=False,
        when=when,
        checks=tuple(checks),
        stage=stage,
    )
