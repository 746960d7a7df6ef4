"""SARIF 2.1.0, the format of code scanning (OASIS, "Static Analysis Results Interchange")."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from dbspecialist.facts.change import Change, FileEdit
from dbspecialist.facts.finding import Finding, Location
from dbspecialist.facts.report import Report
from dbspecialist.reports._clean import visible

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
LEVELS = {"error": "error", "warning": "warning", "info": "note"}
ROOT = "%SRCROOT%"


def render(report: Report, *, root: Path | None = None) -> str:
    """Write the report as a SARIF log with one run.

    Args:
        report: The facts.
        root: The folder that paths are relative to, where fixes find the length of the text
            they replace; the current folder where it is nothing.
    """
    rules = _rules(report.findings)
    places = {rule["id"]: number for number, rule in enumerate(rules)}
    seen: Counter[str] = Counter()
    results = [_result(item, places, seen, root or Path()) for item in report.findings]
    driver = {"name": "dbspecialist", "version": version("dbspecialist"), "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True}],
        "results": results,
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _rules(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Describe every rule there is, and what was found by none of them by its id alone."""
    from dbspecialist.rules.base import all_rules

    described = {
        rule.id: _rule(rule.id, rule.severity, rule.title, rule.doc) for rule in all_rules()
    }
    for item in findings:
        described.setdefault(item.rule, _rule(item.rule, item.severity, item.rule, ""))
    return [described[name] for name in sorted(described)]


def _rule(name: str, severity: str, title: str, doc: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": name,
        "shortDescription": {"text": title},
        "defaultConfiguration": {"level": LEVELS[severity]},
    }
    if doc:
        described["fullDescription"] = {"text": doc.strip().split("\n\n")[0]}
        described["help"] = {"text": doc, "markdown": doc}
    return described


def _result(
    finding: Finding, places: Mapping[str, int], seen: Counter[str], root: Path
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": places[finding.rule],
        "level": LEVELS[finding.severity],
        "message": {"text": _message(finding)},
        "locations": [_location(finding.location)],
        "partialFingerprints": {"objectAndRule/v1": _fingerprint(finding, seen)},
        "properties": {
            "relation": finding.relation,
            "evidence": [
                {"claim": proof.claim, "verdict": proof.verdict, "basis": proof.basis}
                for proof in finding.evidence
            ],
        },
    }
    if finding.fix is not None and (changes := _changes(finding.fix, root)):
        result["fixes"] = [
            {"description": {"text": finding.fix.summary}, "artifactChanges": changes}
        ]
    return result


def _message(finding: Finding) -> str:
    lines = [finding.message]
    lines += [f"{proof.verdict}: {proof.claim} ({proof.basis})" for proof in finding.evidence]
    if finding.help:
        lines.append(f"Instead: {finding.help}")
    return visible("\n".join(lines))


def _location(location: Location) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": _artifact(location.path)}
    if location.line is not None:
        physical["region"] = {"startLine": location.line}
    return {"physicalLocation": physical}


def _artifact(path: str) -> dict[str, str]:
    return {"uri": quote(PurePosixPath(path).as_posix()), "uriBaseId": ROOT}


def _fingerprint(finding: Finding, seen: Counter[str]) -> str:
    """Name a finding by rule, file and object, so that it stays the same when lines move."""
    key = "\0".join((finding.rule, finding.location.path, finding.relation))
    seen[key] += 1
    return hashlib.sha256(f"{key}\0{seen[key]}".encode()).hexdigest()[:32]


def _changes(fix: Change, root: Path) -> list[dict[str, Any]]:
    edits = (edit for phase in fix.phases for edit in phase.edits)
    return [
        {
            "artifactLocation": _artifact(edit.path),
            "replacements": [
                {
                    "deletedRegion": {"charOffset": 0, "charLength": _length(edit, root)},
                    "insertedContent": {"text": edit.text},
                }
            ],
        }
        for edit in edits
    ]


def _length(edit: FileEdit, root: Path) -> int:
    """Return the length of the file as it is, 0 where the edit makes it."""
    if edit.before:
        return len(edit.before)
    file = root / edit.path
    if not file.is_file():
        return 0
    with file.open(encoding="utf-8", errors="replace", newline="") as text:
        return len(text.read())
