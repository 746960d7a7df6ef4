"""Prove: what each pending migration does to production, tried on a twin."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

from dbspecialist.engines.postgresql.server import source_of
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.report import Report
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.proofs.data_fit import ask_database
from dbspecialist.proofs.history import History, prove_history
from dbspecialist.proofs.meanwhile import meanwhile
from dbspecialist.proofs.rates import read_rates
from dbspecialist.proofs.trials import brought_to, try_migrations
from dbspecialist.rules.base import all_rules, rule_ids
from dbspecialist.tasks.configuration import (
    Configuration,
    apply_configuration,
    is_on,
    overridden,
    read_configuration,
    refuse_unknown_rules,
)
from dbspecialist.tasks.editing import Originals, with_edits
from dbspecialist.tasks.excuses import REASON, UNUSED, apply_excuses
from dbspecialist.tasks.files import WrittenFiles
from dbspecialist.tasks.fixing import prove_fixes
from dbspecialist.tasks.places import seen_from_here
from dbspecialist.tasks.reporting import (
    confinement,
    joined,
    migration_report,
    older_production,
    twin_facts,
)
from dbspecialist.tasks.sources import read_source
from dbspecialist.tasks.untried import UntriedError, refuse_untried
from dbspecialist.toolchains import find_projects
from dbspecialist.toolchains.base import MigrationFailed, Project
from dbspecialist.toolchains.pending import Pending
from dbspecialist.toolchains.pending import pending as divide
from dbspecialist.twins.sizes import refuse_unusable_scale
from dbspecialist.twins.stage import open_stage
from dbspecialist.twins.variables import hidden_variables, shown_variables

Progress = Callable[[str], None]
#: How often fixes are written before what is left is only told.
FIX_ROUNDS = 5

Roots = Sequence[str | PathLike[str]]


@hidden_variables()
def prove(
    paths: Roots = (".",),
    *,
    snapshot: str | PathLike[str] | Snapshot | None = None,
    database: str | None = None,
    from_: str | None = None,
    to: str | None = None,
    base: str | None = None,
    scale: float = 1.0,
    fix: bool = False,
    toolchain: str | None = None,
    python: str | PathLike[str] | None = None,
    single_transaction: bool = False,
    engine: str | None = None,
    max_blocked: float | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    progress: Progress | None = None,
) -> Report:
    """Run the pending migrations of one or several projects on a twin and judge what they do.

    Args:
        paths: Projects, folders of migrations, or files.
        snapshot: What stands for production: a snapshot, its file, or a .sql file with a schema.
            Without one the migrations are run from zero, and no size is known.
        database: A URL that is asked, read-only, what statistics cannot decide.
        from_: The last revision that is applied.
        to: The last revision to judge.
        base: A git revision; migrations that are new since the merge base are pending.
        scale: By how much production's sizes are multiplied.
        fix: Whether to write the fixes that were proven into the files. The report is then of
            the files as they were written.
        toolchain: The name of the toolchain, where several are there.
        python: The interpreter that has the project's packages.
        single_transaction: Whether each SQL file is one transaction.
        engine: The engine to try the migrations on, where no snapshot tells it.
        max_blocked: How long reads or writes may wait before it is an error, in milliseconds.
        select: Only these rules.
        ignore: Not these rules.
        progress: Called with a sentence on what is being done.

    Raises:
        InputError: Where the input cannot be used.
    """
    roots = [Path(path) for path in paths] or [Path()]
    configuration = overridden(
        read_configuration(roots[0]),
        max_blocked_ms=max_blocked,
        select=tuple(select),
        ignore=tuple(ignore),
        toolchain=toolchain,
        python=Path(python).absolute() if python else None,
    )
    refuse_unusable_scale(scale)
    refuse_unknown_rules(configuration, (*rule_ids(), REASON, UNUSED))
    if database and not engine:
        source_of(database)  # what cannot be read is refused before anything runs
    tell = progress or (lambda _: None)
    chosen = snapshot or configuration.snapshot
    source = chosen if isinstance(chosen, Snapshot) else read_source(chosen, tell, engine)
    asked_engine = source.engine if source else engine or "postgresql"
    division = partial(divide, snapshot=source, from_=from_, to=to, base=base)
    asked = Asked(source, scale, configuration, tell, fix, database, asked_engine)
    reports, untried = [], []
    for project in (
        item
        for root in roots
        for item in _projects(root, configuration, single_transaction, asked_engine)
    ):
        try:
            reports.append(seen_from_here(_prove_and_fix(project, division, asked), project.root))
        except UntriedError as error:
            untried.append(error)
    if not reports and untried:
        raise untried[0]
    report = joined(reports)
    more = apply_configuration([error.finding() for error in untried], configuration)
    return replace(report, findings=(*report.findings, *more))


@dataclass(frozen=True, slots=True)
class Asked:
    """What holds for all projects of one call."""

    snapshot: Snapshot | None
    scale: float
    configuration: Configuration
    tell: Progress
    fix: bool = False
    database: str | None = None
    engine: str = "postgresql"


def _projects(
    root: Path, configuration: Configuration, single_transaction: bool, engine: str
) -> Iterable[Project]:
    chosen = find_projects(root, toolchain=configuration.toolchain)
    given: dict[str, Any] = {"python": configuration.python}
    if single_transaction:
        given["single_transaction"] = True
    if engine != "postgresql":
        given["dialect"] = engine
    return [_with(item, given) for item in chosen]


def _with(project: Any, given: dict[str, Any]) -> Project:
    """Set those options of a project that its toolchain has."""
    names = {field.name for field in fields(project)}
    options = {key: value for key, value in given.items() if key in names and value is not None}
    changed: Project = replace(project, **options)
    return changed


def _prove_and_fix(
    project: Project, division: Callable[[Project], Pending], asked: Asked
) -> Report:
    """Prove a project and, where that is asked for, write its fixes and prove what they leave.

    A fix can bring out another: of two statements that hold a lock, the first is judged.
    """
    report, originals = _prove_project(project, division(project), asked)
    files = WrittenFiles(project.root)
    for _ in range(FIX_ROUNDS if asked.fix else 0):
        asked.tell("writing the edited files")
        if not files.write(report.findings, originals):
            break
        project = _with(project, {})  # a new one, which reads its files again
        report, originals = _prove_project(project, division(project), asked)
    return replace(report, proofs=(*report.proofs, *files.proofs)) if asked.fix else report


def _prove_project(project: Project, division: Pending, asked: Asked) -> tuple[Report, Originals]:
    """Prove a project; return as well the files that its fixes edit, as they were read."""
    if asked.engine in {"mysql", "mariadb"}:
        from dbspecialist.tasks.prove_mysql import prove_project

        return prove_project(project, division, asked), {}
    snapshot, scale, tell = asked.snapshot, asked.scale, asked.tell
    tell(f"preparing a twin for {len(division.pending)} {project.name} migrations")
    with meanwhile(all_rules), open_stage(snapshot, scale=scale) as stage:
        facts = twin_facts(stage, snapshot, scale)
        if not division.pending:
            return Report(facts, notes=tuple(project.notes)), {}
        try:
            with (
                brought_to(stage, project, _to_run_first(division, snapshot)) as template,
                meanwhile(
                    prove_history,
                    stage,
                    project,
                    division.before,
                    division.pending,
                    snapshot,
                    base=division.base,
                ) as history,
            ):
                run = try_migrations(
                    stage,
                    project,
                    division.pending,
                    template=template,
                    snapshot=snapshot,
                    scale=scale,
                    max_blocked_ms=asked.configuration.max_blocked_ms,
                    rates=read_rates(stage.cluster),
                    tell=tell,
                )
                refuse_untried(run, project.root)
                if asked.database:
                    tell("asking the database")
                    with shown_variables():
                        run = ask_database(run, asked.database)
                tell("replaying the history from zero")
                run = with_history(run, project, history.result())
                run = replace(run, edited=division.edited)
                tell("proving fixes")
                found = prove_fixes(
                    stage, template, run, judged(run, asked.configuration, project.root)
                )
                tell("running the edited files")
                edited = with_edits(stage, template, project, run, found)
        except MigrationFailed as error:
            raise InputError(
                f"the history does not replay: {error.reason}",
                f"{project.name} revision {error.revision}",
                "install what it needs, or name its interpreter with --python"
                if error.unchecked
                else "mend it, or give a snapshot of the database as it is",
            ) from error
    reports = tuple(migration_report(trial) for trial in run.trials)
    notes = tuple(project.notes)
    data = _data_fit(run) if asked.database else ()
    proofs = (*run.history, *older_production(stage, snapshot), *confinement(stage))
    return Report(facts, reports, edited.findings, proofs, notes, data), edited.originals


def _data_fit(run: Run) -> tuple[Proof, ...]:
    """Return what the database was asked and did not refute: that stands in the findings."""
    return tuple(item.proof for item in run.data_fit if item.proof.verdict != "refuted")


def with_history(run: Run, project: Project, history: History) -> Run:
    """Return a run with what was found out about the project's history."""
    return replace(
        run,
        trials=tuple(_with_models(trial, history) for trial in run.trials),
        history=history.proofs,
        model_drift=history.model_drift,
        database_drift=history.database_drift,
        heads=tuple(getattr(project, "heads", ())),
    )


def _with_models(trial: Trial, history: History) -> Trial:
    """Add the statements of mapped classes that a migration breaks to those of the workload."""
    more = history.broken.get(trial.migration.revision, ())
    return replace(trial, broken=(*trial.broken, *more)) if more else trial


def _to_run_first(division: Pending, snapshot: Snapshot | None) -> tuple[Any, ...]:
    """Return the earlier migrations that the stage's schema does not hold yet.

    A snapshot without a readable version table is taken to be where `--from` says.
    """
    if snapshot is not None and snapshot.catalogue.objects and not division.applied:
        return ()
    done = {item.revision for item in division.applied}
    return tuple(item for item in division.before if item.revision not in done)


def judged(run: Run, configuration: Configuration, root: Path) -> tuple[Finding, ...]:
    """Judge a run by the rules that the configuration leaves on, excuses and severities applied."""
    paths = [trial.migration.path for trial in run.trials]
    found = apply_excuses(findings_of(run), root, paths)
    return tuple(_sorted(apply_configuration(found, configuration), run))


def findings_of(run: Run, select: Sequence[str] = ()) -> list[Finding]:
    """Judge a run by all rules, or the selected ones, sorted by place and rule."""
    configuration = Configuration(select=tuple(select))
    known = (item for item in all_rules() if run.engine in item.engines)
    rules = [item for item in known if is_on(item.id, configuration)]
    found = [
        finding for rule in rules for trial in run.trials for finding in rule.check(trial, run)
    ]
    found += [finding for rule in rules for finding in rule.check_run(run)]
    return _sorted(found, run)


def _sorted(found: Iterable[Finding], run: Run) -> list[Finding]:
    order = {trial.migration.path: number for number, trial in enumerate(run.trials)}
    return sorted(
        found,
        key=lambda item: (
            order.get(item.location.path, -1),
            item.location.line or 0,
            item.rule,
            item.message,
        ),
    )
