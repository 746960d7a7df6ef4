"""Workflow commands, from which GitHub makes annotations on the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import SEVERITIES, Finding
from dbspecialist.facts.report import Report
from dbspecialist.facts.units import plural
from dbspecialist.reports._clean import one_line, visible
from dbspecialist.reports._words import engine, severities

LEVELS = {"error": "error", "warning": "warning", "info": "notice"}


def render(report: Report) -> str:
    """Write one workflow command a finding, the worst first.

    GitHub shows 10 annotations of each level for a step, so what is cut off is the least.
    The form and the escapes: GitHub Docs, "Workflow commands for GitHub Actions".
    """
    worst_first = sorted(report.findings, key=lambda one: SEVERITIES.index(one.severity))
    lines = [_command(finding) for finding in worst_first]
    return "".join(f"{line}\n" for line in [*lines, _summary(report)])


def _command(finding: Finding) -> str:
    properties = [f"file={_property(finding.location.path)}"]
    if finding.location.line is not None:
        properties.append(f"line={finding.location.line}")
    properties.append(f"title={_property(finding.rule)}")
    message = _data("\n".join(_lines(finding)))
    return f"::{LEVELS[finding.severity]} {','.join(properties)}::{message}"


def _lines(finding: Finding) -> Iterator[str]:
    yield visible(finding.message)
    for proof in finding.evidence:
        yield f"{proof.verdict}: {visible(proof.claim)} ({visible(proof.basis)})"
    if finding.help and (finding.fix is None or finding.help != finding.fix.summary):
        yield f"Instead: {visible(finding.help)}"
    if finding.fix is not None:
        yield f"Fix: {visible(finding.fix.summary)}"


def _summary(report: Report) -> str:
    counts = report.summary
    found = ", ".join(severities(counts[name], name) for name in SEVERITIES)
    twin = one_line(engine(report.twin.engine, report.twin.version))
    return f"{plural(counts['migrations'], 'migration')} on a twin ({twin}): {found}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
