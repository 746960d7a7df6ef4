"""JSON in a versioned shape, described by report.schema.json beside this module."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from dbspecialist.facts.catalogue import Difference, SchemaObject
from dbspecialist.facts.change import Change, Phase
from dbspecialist.facts.effects import ColumnChange, StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.locks import Lock
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.report import MigrationReport, Report, TwinFacts

#: Raised by 1 where a key goes or changes its meaning; new keys leave it as it is.
SCHEMA_VERSION = 1


def render(report: Report) -> str:
    """Write the report as one JSON object, indented by two spaces."""
    return json.dumps(as_object(report), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_object(report: Report) -> dict[str, Any]:
    """Return the report as the objects, lists and numbers that JSON knows."""
    return {
        "schema_version": SCHEMA_VERSION,
        "dbspecialist": version("dbspecialist"),
        "twin": _twin(report.twin),
        "migrations": [_migration(item) for item in report.migrations],
        "findings": [_finding(item) for item in report.findings],
        "proofs": [_proof(item) for item in (*report.proofs, *report.data_fit)],
        "notes": list(report.notes),
        "summary": dict(report.summary),
    }


def _twin(twin: TwinFacts) -> dict[str, Any]:
    return {
        "engine": twin.engine,
        "version": twin.version,
        "source": twin.source,
        "source_version": twin.source_version,
        "ready_ms": _number(twin.ready_ms),
        "scale": twin.scale,
        "left_out": list(twin.left_out),
    }


def _migration(item: MigrationReport) -> dict[str, Any]:
    migration = item.migration
    return {
        "path": migration.path,
        "revision": migration.revision,
        "title": migration.title,
        "toolchain": migration.toolchain,
        "parents": list(migration.parents),
        "transactional": migration.transactional,
        "reversible": migration.reversible,
        "not_run": migration.not_run,
        "statements": [_statement(statement) for statement in item.statements],
        "round_trip": {
            "verdict": item.round_trip.verdict,
            "reason": item.round_trip.basis,
            "claim": item.round_trip.claim,
        },
    }


def _statement(statement: StatementEffects) -> dict[str, Any]:
    error = statement.error
    return {
        "sql": statement.sql,
        "line": statement.line,
        "tags": list(statement.tags),
        "transaction": statement.transaction,
        "in_transaction": statement.in_transaction,
        "parameters": statement.parameters,
        "locks": [_lock(lock) for lock in statement.locks],
        "held": [_lock(lock) for lock in statement.held],
        "rewrites": list(statement.rewrites),
        "rewrite_reasons": dict(statement.rewrites),
        "scans": list(statement.scans),
        "queried": list(statement.queried),
        "index_builds": dict(statement.index_builds),
        "read_by_builds": list(statement.read_by_builds),
        "reads": list(statement.reads),
        "selects": list(statement.selects),
        "rescans": {name: _number(times) for name, times in statement.rescans.items()},
        "rows_lost": list(statement.rows_lost),
        "rows_modified": _count(sum(statement.rows_modified.values())),
        "rows_modified_by_relation": _counts(statement.rows_modified),
        "rows_at_once": _counts(statement.rows_at_once),
        "drops": list(statement.drops),
        "cascades": list(statement.cascades),
        "creates": [
            {"tag": tag, "kind": kind, "name": name} for tag, kind, name in statement.creates
        ],
        "columns": [_column(item) for item in statement.columns],
        "columns_set": {name: list(columns) for name, columns in statement.columns_set.items()},
        "copies": {name: dict(columns) for name, columns in statement.copies.items()},
        "conditions": dict(statement.conditions),
        "nulls_reached": {name: list(told) for name, told in statement.nulls_reached.items()},
        "writes": [asdict(item) for item in statement.writes],
        "renames": dict(statement.renames),
        "constraints": [asdict(item) for item in statement.constraints],
        "invalid_indexes": list(statement.invalid_indexes),
        "settings": dict(statement.settings),
        "blocked_ms_estimate": _blocked(statement),
        "blocked_ms_by_relation": _numbers(statement.blocked_ms),
        "blocked_ms": {name: _numbers(kinds) for name, kinds in statement.waits.items()},
        "work_ms": None if statement.work_ms is None else _number(statement.work_ms),
        "elapsed_ms": _number(statement.elapsed_ms),
        "algorithm": statement.algorithm,
        "reason": statement.reason,
        "clauses": [asdict(item) for item in statement.clauses],
        "commits": statement.commits,
        "warnings": list(statement.warnings),
        "changes": [_difference(item) for item in statement.changes],
        "error": error
        and {"sqlstate": error.sqlstate, "message": error.message, "detail": error.detail},
        "unchecked": statement.unchecked,
    }


def _lock(lock: Lock) -> dict[str, Any]:
    return {
        "relation": lock.relation,
        "mode": lock.mode,
        "kind": lock.kind,
        "table": lock.table,
        "blocks": list(lock.blocks),
    }


def _column(change: ColumnChange) -> dict[str, Any]:
    return {
        "before": change.before and _object(change.before),
        "after": change.after and _object(change.after),
        "production": change.origin and {"relation": change.origin[0], "column": change.origin[1]},
        "makes_table": change.makes_table,
        "filling": change.filling and {"value": change.filling.value},
    }


def _object(item: SchemaObject) -> dict[str, Any]:
    return {"name": item.name, "attributes": dict(item.attributes)}


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        "kind": difference.object.kind,
        "name": difference.object.name,
        "before": difference.before and dict(difference.before.attributes),
        "after": difference.after and dict(difference.after.attributes),
    }


def _blocked(statement: StatementEffects) -> float | None:
    """The longest wait of any relation; nothing where a lock blocks for an unknown time."""
    if statement.blocked_ms:
        return _number(max(statement.blocked_ms.values()))
    waits = any({"reads", "writes"} & set(lock.blocks) for lock in statement.locks)
    return None if waits else 0.0


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "message": finding.message,
        "relation": finding.relation,
        "location": {"path": finding.location.path, "line": finding.location.line},
        "evidence": [_proof(proof) for proof in finding.evidence],
        "help": finding.help,
        "fix": finding.fix and _change(finding.fix),
    }


def _proof(proof: Proof) -> dict[str, Any]:
    return {
        "claim": proof.claim,
        "verdict": proof.verdict,
        "basis": proof.basis,
        "tries": proof.tries,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "summary": change.summary,
        "safe": change.safe,
        "why": change.why,
        "phases": [_phase(phase) for phase in change.phases],
        "proofs": [_proof(proof) for proof in change.proofs],
    }


def _phase(phase: Phase) -> dict[str, Any]:
    return {
        "title": phase.title,
        "up": list(phase.up),
        "down": list(phase.down),
        "transactional": phase.transactional,
        "when": phase.when,
        "present": phase.present,
        "edits": [{"path": edit.path, "text": edit.text} for edit in phase.edits],
    }


def _numbers(values: Mapping[str, float]) -> dict[str, float]:
    return {name: _number(value) for name, value in values.items()}


def _counts(values: Mapping[str, float]) -> dict[str, float]:
    return {name: _count(value) for name, value in values.items()}


def _count(rows: float) -> float:
    """Return rows as an integer; a share of a row, and what is beyond counting, as a number."""
    return round(rows) if 1 <= rows < 2**53 or rows == 0 else _number(rows)


def _number(value: float) -> float:
    """Round to a thousandth; JSON has no infinity, so what is beyond counting is 1e308."""
    return round(value, 3) if math.isfinite(value) else 1e308
