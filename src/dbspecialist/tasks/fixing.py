"""Fixes proven before they are shown: each is run on a stage in place of its statement."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.change import Change
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.proofs.fixes import (
    SAME_CATALOGUE,
    Attempt,
    Replacements,
    attempt,
    fixed_trial,
    judge,
    replay,
)
from dbspecialist.proofs.mapped import target_of
from dbspecialist.rules.base import rules_by_id
from dbspecialist.tasks.proposing import Proposed, change_of, ends, propose
from dbspecialist.toolchains.sending import Sender
from dbspecialist.twins.observed.observer import Observer
from dbspecialist.twins.stage import Connection, Stage

HAZARD_GONE = "the hazard is gone"
#: The claims that a fix in place of its statement is run for.
OF_RUNS = frozenset({SAME_CATALOGUE, HAZARD_GONE})


@dataclass
class _Scene:
    """A database in which the trials before the one at hand have run."""

    stage: Stage
    database: str
    observer: Observer
    admin: Connection
    unwatched: Sender
    unseen: bool = False

    def run(self, trial: Trial, replacements: Replacements) -> Attempt:
        """Run a trial with replacements, seen by the observer, and read what it ends in."""
        if not replacements:
            self.unseen = True
            return replay(trial, self.unwatched)
        if self.unseen:
            self.unseen = False
            self.stage.settle(self.database)
            self.observer.relations.refresh()
        return attempt(trial, replacements, self.observer, lambda: read_catalogue(self.admin))


def propose_fixes(run: Run, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings with the fixes that `prove_fixes` will run, none of them proven yet."""
    changes = {
        id(item.finding): change_of(item, item.refuted)
        for trial in takewhile(ends, run.trials)
        for item in propose(trial, run, findings)
    }
    return tuple(replace(item, fix=changes.get(id(item), item.fix)) for item in findings)


def prove_fixes(
    stage: Stage, template: str, run: Run, findings: Sequence[Finding]
) -> tuple[Finding, ...]:
    """Return the findings with the fixes that were run and are right.

    The fixed migrations are run one after the other in one database: where a fixed one ends in
    the catalogue of the original, the next can follow it. Where the fixes of a migration fail
    together, each is tried alone.

    Args:
        stage: Where to run them.
        template: The stage's database in the state before the first trial.
        run: What was seen of the migrations as they are.
        findings: What the rules said of them.
    """
    proposed = [propose(trial, run, findings) for trial in takewhile(ends, run.trials)]
    last = max((number for number, items in enumerate(proposed) if items), default=-1)
    changes: dict[int, Change] = {}
    start = 0
    while start <= last:
        with _scene(stage, template) as scene:
            for earlier in run.trials[:start]:
                scene.run(earlier, {})
            start = _follow(scene, run, proposed[: last + 1], start, changes)
        if start <= last:
            if not proposed[start]:  # the original itself does not replay: nothing after it can
                break
            changes.update(_each_alone(stage, template, run, start, proposed[start]))
            proposed[start] = []
    return tuple(replace(item, fix=changes.get(id(item), item.fix)) for item in findings)


def _follow(
    scene: _Scene,
    run: Run,
    proposed: Sequence[Sequence[Proposed]],
    start: int,
    changes: dict[int, Change],
) -> int:
    """Run trials with their fixes while these are right; return the first where they are not."""
    for number in range(start, len(proposed)):
        trial = run.trials[number]
        group = list({item.index: item for item in reversed(proposed[number])}.values())
        tried = scene.run(trial, {item.index: item.phases for item in group})
        proven = _judged(trial, tried, run, group)
        if len(proven) < len(proposed[number]) or (
            not group and judge(trial, tried).verdict == "refuted"
        ):
            return number
        changes.update(proven)
    return len(proposed)


def _each_alone(
    stage: Stage, template: str, run: Run, number: int, proposed: Sequence[Proposed]
) -> dict[int, Change]:
    changes: dict[int, Change] = {}
    for item in proposed:
        with _scene(stage, template) as scene:
            for earlier in run.trials[:number]:
                scene.run(earlier, {})
            trial = run.trials[number]
            tried = scene.run(trial, {item.index: item.phases})
            changes.update(_judged(trial, tried, run, [item]))
    return changes


def _judged(trial: Trial, tried: Attempt, run: Run, group: Sequence[Proposed]) -> dict[int, Change]:
    """Return the changes of a group that ends where the original does without its hazards."""
    same = judge(trial, tried)
    if same.verdict == "refuted":
        return {}
    fixed = [item.finding for item in group]
    gone = [(item, hazard_gone(trial, tried, run, item.finding, fixed)) for item in group]
    return {
        id(item.finding): change_of(item, (same, proof, *item.refuted))
        for item, proof in gone
        if proof.verdict != "refuted"
    }


def hazard_gone(
    trial: Trial, tried: Attempt, run: Run, finding: Finding, fixed: Sequence[Finding]
) -> Proof:
    """Say whether a finding's rule finds it no longer in what was seen instead.

    Args:
        trial: The migration as it is.
        tried: What was seen instead.
        run: The run that the rule judges in.
        finding: What it found.
        fixed: The findings that were fixed together; the rule may find as many fewer of one
            relation, since two indexes of a table are told apart by nothing else.
    """
    if tried.unchecked:
        return Proof(HAZARD_GONE, "unchecked", tried.unchecked)
    check = rules_by_id()[finding.rule].check
    before = [item for item in check(trial, run) if item.relation == finding.relation]
    left = [
        item for item in check(fixed_trial(trial, tried), run) if item.relation == finding.relation
    ]
    alike = [
        item for item in fixed if (item.rule, item.relation) == (finding.rule, finding.relation)
    ]
    if left and len(left) > len(before) - len(alike):
        return Proof(HAZARD_GONE, "refuted", left[0].message)
    return Proof(HAZARD_GONE, "proven", "its rule finds nothing in what the engine showed")


@contextlib.contextmanager
def _scene(stage: Stage, template: str) -> Iterator[_Scene]:
    with (
        stage.database(template) as database,
        stage.admin(database) as admin,
        stage.observer(database) as observer,
        Sender(target_of(stage, database)) as unwatched,
    ):
        yield _Scene(stage, database, observer, admin, unwatched)
