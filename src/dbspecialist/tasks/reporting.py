"""Reports made of what was seen: of the twin, of each migration, of several projects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dbspecialist.engines.postgresql.majors import features, functions, settings
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.report import MigrationReport, Report, TwinFacts
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.trial import Trial
from dbspecialist.twins.confinement import gaps
from dbspecialist.twins.stage import Stage


def migration_report(trial: Trial) -> MigrationReport:
    """Return what a report says of a trial."""
    unchecked = Proof("the way back restores what was there", "unchecked", "it was not tried")
    back = trial.round_trip.proof if trial.round_trip else unchecked
    return MigrationReport(trial.migration, trial.statements, back)


def twin_facts(stage: Stage, snapshot: Snapshot | None, scale: float) -> TwinFacts:
    """Return what a report says of the twin."""
    return TwinFacts(
        engine="postgresql",
        version=stage.cluster.version,
        source=snapshot.source if snapshot else "an empty database",
        source_version=_version(snapshot.server_version) if snapshot else "",
        ready_ms=stage.ready_ms,
        scale=scale,
        left_out=(*stage.left_out, *(snapshot.unseen if snapshot else ())),
    )


def confinement(stage: Stage) -> tuple[Proof, ...]:
    """Return what this machine does not give to keep the twin apart from it; nothing on most."""
    found = gaps(Path(stage.cluster.installation.program("postgres")))
    return tuple(Proof("code of migrations stays in the twin", "unchecked", gap) for gap in found)


def older_production(stage: Stage, snapshot: Snapshot | None) -> tuple[Proof, ...]:
    """Return what stays unchecked where production's server is older than the twin; else nothing.

    What newer majors brought is looked for by a list; what they took away or mended is not.
    """
    twin = int(stage.cluster.version.partition(".")[0])
    major = snapshot.server_version // 10_000 if snapshot else twin
    if major >= twin:
        return ()
    listed = f"{len(features())} features, {len(functions())} functions and {len(settings())}"
    return (
        Proof(
            f"PostgreSQL {major} does all that the twin, {twin}, does",
            "unchecked",
            f"no statement was sent to a {major}; {listed} settings that came after 14 are looked "
            "for by name, not new arguments of old functions, names within strings, nor what "
            f"{twin} refuses and {major} takes",
        ),
    )


def _version(number: int) -> str:
    return f"{number // 10000}.{number % 10000}"


def joined(reports: Sequence[Report]) -> Report:
    """Return one report of several projects."""
    return replace(
        reports[0],
        migrations=tuple(item for report in reports for item in report.migrations),
        findings=tuple(item for report in reports for item in report.findings),
        proofs=tuple(item for report in reports for item in report.proofs),
        notes=tuple(item for report in reports for item in report.notes),
        data_fit=tuple(item for report in reports for item in report.data_fit),
    )
