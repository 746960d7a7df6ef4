"""What is said of a plan whose files were run: proven, refuted, or in part withheld."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from dbspecialist.advisors.sequences.ground import SMALL_ROWS
from dbspecialist.advisors.sequences.planning import Planned
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.change import FileEdit, Phase
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.migration_plan import MigrationPlan, Withheld
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import plural
from dbspecialist.proofs.compatibility import model_statements
from dbspecialist.proofs.new_revisions import Ground, Rehearsed, checks_proof, end_proof
from dbspecialist.tasks.configuration import Configuration
from dbspecialist.tasks.judging import judged
from dbspecialist.tasks.plan_files import files_of, phase_places
from dbspecialist.tasks.reporting import confinement, migration_report, older_production, twin_facts

HAZARDS = "no rule finds an error or a warning in the files"
CODE = "no known statement of the code breaks in the files"
BACK = "the way back of each file restores the schema and the rows"

#: Rules on what goes: in a contract phase it is what was asked for, told as a loss, and kept.
ASKED_FOR = frozenset(
    {
        "count-what-a-dropped-column-loses",
        "drop-columns-after-code",
        "drop-tables-in-two-steps",
        "rename-columns-in-steps",
        "rename-tables-behind-a-view",
    }
)

#: Rules on what rows may refuse: where that is not known, the query of the phase decides it.
DECIDED_BY_CHECKS = frozenset(
    {
        "backfill-before-not-null",
        "check-constraints-against-data",
        "check-narrowed-types-against-data",
        "deduplicate-before-unique",
        "mend-what-rows-refuse",
        "remove-orphans-before-foreign-keys",
    }
)


def verdict(
    ground: Ground,
    found: Planned,
    edits: Sequence[FileEdit],
    seen: Rehearsed,
    configuration: Configuration,
) -> MigrationPlan:
    """Judge what was seen of a plan's files, and hold back what code does not allow yet.

    Raises:
        InputError: Where all that is requested takes away what code still uses.
    """
    run = seen.run
    places = phase_places(found.phases, run.trials)
    proofs = [end_proof(run.trials[-1].after, found.wanted, len(found.wanted.objects))]
    kept, withheld = _parted(found, run.trials, places)
    written = run.trials[: sum(1 for place in places if place < len(kept))]
    files = files_of(edits, written, run.trials)
    findings = judged(replace(run, trials=written), configuration, seen.copy.root)
    contracts = {
        item.migration.path
        for item, place in zip(written, places, strict=False)
        if kept[place].stage == "contract"
    }
    checked = {
        item.migration.path
        for item, place in zip(written, places, strict=False)
        if any(phase.checks for phase in kept[: place + 1])
    }
    open_, accepted = _open(findings, run, contracts, checked)
    proofs += [_hazards(open_, written), _way_back(written), checks_proof(ground, found.phases)]
    proofs += [*older_production(ground.stage, ground.snapshot), *confinement(ground.stage)]
    proofs += _code(found, ground, seen)
    return MigrationPlan(
        requests=tuple(map(str, found.requests)),
        toolchain=seen.copy.name,
        twin=twin_facts(ground.stage, ground.snapshot, ground.scale),
        phases=kept,
        withheld=withheld,
        edits=files,
        migrations=tuple(map(migration_report, written)),
        places=places[: len(written)],
        findings=(*open_, *(item for item in findings if item.severity == "info")),
        accepted=accepted,
        proofs=tuple(proofs),
        losses=tuple(text for item in found.steps for text in item.losses),
        notes=_notes(ground, found),
    )


def _code(found: Planned, ground: Ground, seen: Rehearsed) -> Iterable[Proof]:
    """Say how much of the code was asked whether it goes on, where something is taken away."""
    if not any(item.stage == "contract" for item in found.phases):
        return
    workload = len(ground.snapshot.workload) if ground.snapshot else 0
    mapped = 0
    if isinstance(seen.models, Catalogue):
        mapped = len(model_statements(seen.models))
    if workload + mapped:
        basis = f"{workload} of the workload, {mapped} of mapped classes, planned before and after"
        yield Proof(CODE, "tested", basis, workload + mapped)
    else:
        why = seen.models.basis if isinstance(seen.models, Proof) else "there are no mapped models"
        yield Proof(CODE, "unchecked", f"the snapshot has no workload, and {why}")


def _notes(ground: Ground, found: Planned) -> tuple[str, ...]:
    notes = [text for item in found.steps for text in item.notes]
    if ground.snapshot is None or not ground.snapshot.has_statistics:
        notes.append("no sizes are known: tables are taken as large (give --snapshot)")
    return tuple(dict.fromkeys(notes))


def _parted(
    found: Planned, trials: Sequence[Trial], places: Sequence[int]
) -> tuple[tuple[Phase, ...], tuple[Withheld, ...]]:
    """Hold back what takes away for the first request that code does not allow, and what follows.

    A trigger that keeps old and new in step goes no sooner than what it serves.

    Raises:
        InputError: Where nothing else is left.
    """
    phases = found.phases
    for trial, place in zip(trials, places, strict=True):
        if not trial.broken or phases[place].stage != "contract":
            continue
        broken = trial.broken[0]
        said = f"{broken.error.sqlstate}: {broken.error.message}"
        query = " ".join(broken.statement.query.split())
        start = _first_of_request(found, phases[place])
        if not any(item.stage != "contract" for item in phases[:start]):
            raise InputError(
                f"code still uses what goes: {query} ({said})",
                phases[place].title,
                "take it out of the code, deploy, and run this again",
            )
        held = tuple(Withheld(item, query, said) for item in phases[start:])
        return tuple(phases[:start]), held
    return tuple(phases), ()


def _first_of_request(found: Planned, phase: Phase) -> int:
    """Return the place of the first contract phase of the request that a phase belongs to."""
    own = next(item for item in found.steps if phase in item.phases)
    first = next(item for item in own.phases if item.stage == "contract")
    return found.phases.index(first)


def _open(
    findings: Iterable[Finding], run: Run, contracts: Collection[str], checked: Collection[str]
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Part errors and warnings from those that are asked for, or wait for a small table.

    Args:
        findings: What the rules say.
        run: Tells sizes.
        contracts: The files that take away what was asked for.
        checked: The files before which a query has asked for the rows.
    """
    open_: list[Finding] = []
    accepted: list[Finding] = []
    for item in findings:
        if item.severity == "info":
            continue
        asked_for = item.rule in ASKED_FOR and item.location.path in contracts
        is_asked = _is_asked(item) and item.location.path in checked
        is_accepted = asked_for or _is_small(item, run) or is_asked
        (accepted if is_accepted else open_).append(item)
    return tuple(open_), tuple(accepted)


def _is_asked(item: Finding) -> bool:
    """Tell whether a warning is about rows that nobody has looked at, which a check asks for."""
    is_known = any(proof.verdict == "refuted" for proof in item.evidence)
    return item.rule in DECIDED_BY_CHECKS and item.severity == "warning" and not is_known


def _is_small(item: Finding, run: Run) -> bool:
    """Tell whether a warning is about the short wait for a table of few rows."""
    return (
        item.severity == "warning"
        and bool(item.relation)
        and run.knows(item.relation)
        and run.rows(item.relation) <= SMALL_ROWS
    )


def _hazards(found: Sequence[Finding], trials: Sequence[Trial]) -> Proof:
    if not found:
        return Proof(HAZARDS, "proven", f"{plural(len(trials), 'file')} run on the twin and judged")
    told = "; ".join(f"{item.rule}: {item.message}" for item in found[:3])
    return Proof(HAZARDS, "refuted", told)


def _way_back(trials: Sequence[Trial]) -> Proof:
    rows = 0
    for item in trials:
        back = item.round_trip
        if back is None or back.proof.verdict == "unchecked":
            basis = back.proof.basis if back else "it was not tried"
            return Proof(BACK, "unchecked", f"{item.migration.revision}: {basis}")
        if back.kind != "works" and not (back.kind == "lossy" and back.unavoidable):
            return Proof(BACK, "refuted", f"{item.migration.revision}: {back.proof.basis}")
        rows = max(rows, back.proof.tries or 0)
    basis = f"upgrade, downgrade and upgrade of {plural(len(trials), 'file')} on made-up rows"
    return Proof(BACK, "tested", basis, max(rows, 1))
