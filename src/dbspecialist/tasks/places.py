"""Places: the paths of a report as they are seen from the current folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from dbspecialist.facts.change import Change
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.report import Report

Move = Callable[[str], str]


def from_here(path: Path) -> str:
    """Write a path as it is seen from the current folder, whole where it lies outside."""
    try:
        return path.resolve().relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        return str(path)


def seen_from_here(report: Report, root: Path) -> Report:
    """Return the report with its paths relative to the current folder.

    A project is often a folder of a repository, while editors, annotations and code scanning look
    files up from where the command was called. Paths outside the current folder stay as they are.

    Args:
        report: A report whose paths are relative to the project.
        root: The project's folder.
    """
    try:
        prefix = root.resolve().relative_to(Path.cwd().resolve())
    except ValueError:
        return report
    if prefix == Path():
        return report

    def move(path: str) -> str:
        return (PurePosixPath(prefix.as_posix()) / path).as_posix()

    return replace(
        report,
        migrations=tuple(
            replace(item, migration=replace(item.migration, path=move(item.migration.path)))
            for item in report.migrations
        ),
        findings=tuple(_finding(item, move) for item in report.findings),
    )


def _finding(finding: Finding, move: Move) -> Finding:
    location = replace(finding.location, path=move(finding.location.path))
    fix = _change(finding.fix, move) if finding.fix else None
    return replace(finding, location=location, fix=fix)


def _change(change: Change, move: Move) -> Change:
    phases = tuple(
        replace(phase, edits=tuple(replace(edit, path=move(edit.path)) for edit in phase.edits))
        for phase in change.phases
    )
    return replace(change, phases=phases)
