"""A plan as JSON."""

from __future__ import annotations

import json
from typing import Any

from dbspecialist.facts.change import Phase
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.migration_plan import MigrationPlan
from dbspecialist.facts.proof import Proof

SCHEMA_VERSION = 1


def as_json(plan: MigrationPlan) -> str:
    """Write a plan as JSON."""
    found = {
        "schema_version": SCHEMA_VERSION,
        "requests": list(plan.requests),
        "toolchain": plan.toolchain,
        "production": plan.twin.source,
        "phases": [_phase(item) for item in plan.phases],
        "withheld": [
            {**_phase(item.phase), "statement": item.statement, "error": item.error}
            for item in plan.withheld
        ],
        "files": [{"path": item.path, "text": item.text} for item in plan.edits],
        "proofs": [_proof(item) for item in plan.proofs],
        "findings": [_finding(item) for item in plan.findings],
        "accepted": [_finding(item) for item in plan.accepted],
        "losses": list(plan.losses),
        "notes": list(plan.notes),
        "written": plan.written,
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _phase(phase: Phase) -> dict[str, Any]:
    return {
        "title": phase.title,
        "stage": phase.stage,
        "transactional": phase.transactional,
        "when": phase.when,
        "checks": list(phase.checks),
        "up": list(phase.up),
        "down": list(phase.down),
    }


def _proof(item: Proof) -> dict[str, Any]:
    return {
        "claim": item.claim,
        "verdict": item.verdict,
        "basis": item.basis,
        "tries": item.tries,
    }


def _finding(item: Finding) -> dict[str, Any]:
    return {
        "rule": item.rule,
        "severity": item.severity,
        "message": item.message,
        "path": item.location.path,
        "line": item.location.line,
    }
