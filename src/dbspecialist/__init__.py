"""A database specialist that tries every change on a twin of production before it speaks.

Everything the command line does is one call from here.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbspecialist.engines.snapshot_file import read_snapshot, write_snapshot
    from dbspecialist.facts.backfill import (
        BackfillLimits,
        BackfillReceipt,
        BackfillReport,
        BackfillState,
        BackfillStep,
    )
    from dbspecialist.facts.catalogue import Catalogue, SchemaObject
    from dbspecialist.facts.change import Change, FileEdit, Phase
    from dbspecialist.facts.drift import Drift, DriftItem
    from dbspecialist.facts.effects import EngineError, StatementEffects
    from dbspecialist.facts.errors import InputError
    from dbspecialist.facts.finding import Finding, Location
    from dbspecialist.facts.locks import Lock
    from dbspecialist.facts.merge import Merge
    from dbspecialist.facts.migration import Migration
    from dbspecialist.facts.migration_plan import MigrationPlan, Withheld
    from dbspecialist.facts.proof import Proof
    from dbspecialist.facts.report import MigrationReport, Report, TwinFacts
    from dbspecialist.facts.request import Request
    from dbspecialist.facts.revision_files import RevisionFiles
    from dbspecialist.facts.revision_state import Listed, RevisionState
    from dbspecialist.facts.schema_diff import SchemaDiff, Script
    from dbspecialist.facts.snapshot import Snapshot
    from dbspecialist.facts.way_back import WayBack
    from dbspecialist.rules.base import Rule, all_rules
    from dbspecialist.tasks.backfill import backfill
    from dbspecialist.tasks.migrate import diff
    from dbspecialist.tasks.migrate_down import way_back
    from dbspecialist.tasks.migrate_drift import Compare, drift
    from dbspecialist.tasks.migrate_history import history
    from dbspecialist.tasks.migrate_merge import merge
    from dbspecialist.tasks.migrate_project import Wanted
    from dbspecialist.tasks.migrate_revisions import diff_revisions
    from dbspecialist.tasks.migrate_squash import squash
    from dbspecialist.tasks.new_migration import new_migration
    from dbspecialist.tasks.prove import prove
    from dbspecialist.tasks.requests import read_request
    from dbspecialist.tasks.snapshot import snapshot
    from dbspecialist.tasks.twin import twin_open, twin_run

# An interrupt ends connections in the middle of a statement; what psycopg says to the log about
# that is not for the person at the terminal, who gets one line.
logging.getLogger("psycopg").addHandler(logging.NullHandler())

#: Where each public name lives; imported when first asked for, so that start-up stays short.
_HOMES = {
    "BackfillLimits": "facts.backfill",
    "BackfillReceipt": "facts.backfill",
    "BackfillReport": "facts.backfill",
    "BackfillState": "facts.backfill",
    "BackfillStep": "facts.backfill",
    "Catalogue": "facts.catalogue",
    "Change": "facts.change",
    "Compare": "tasks.migrate_drift",
    "Drift": "facts.drift",
    "DriftItem": "facts.drift",
    "EngineError": "facts.effects",
    "FileEdit": "facts.change",
    "Finding": "facts.finding",
    "InputError": "facts.errors",
    "Listed": "facts.revision_state",
    "Location": "facts.finding",
    "Lock": "facts.locks",
    "Merge": "facts.merge",
    "Migration": "facts.migration",
    "MigrationPlan": "facts.migration_plan",
    "MigrationReport": "facts.report",
    "Phase": "facts.change",
    "Proof": "facts.proof",
    "Report": "facts.report",
    "Request": "facts.request",
    "RevisionFiles": "facts.revision_files",
    "RevisionState": "facts.revision_state",
    "Rule": "rules.base",
    "SchemaDiff": "facts.schema_diff",
    "SchemaObject": "facts.catalogue",
    "Script": "facts.schema_diff",
    "Snapshot": "facts.snapshot",
    "StatementEffects": "facts.effects",
    "TwinFacts": "facts.report",
    "Withheld": "facts.migration_plan",
    "Wanted": "tasks.migrate_project",
    "WayBack": "facts.way_back",
    "all_rules": "rules.base",
    "backfill": "tasks.backfill",
    "diff": "tasks.migrate",
    "diff_revisions": "tasks.migrate_revisions",
    "drift": "tasks.migrate_drift",
    "history": "tasks.migrate_history",
    "merge": "tasks.migrate_merge",
    "new_migration": "tasks.new_migration",
    "prove": "tasks.prove",
    "read_request": "tasks.requests",
    "read_snapshot": "engines.snapshot_file",
    "snapshot": "tasks.snapshot",
    "squash": "tasks.migrate_squash",
    "twin_open": "tasks.twin",
    "twin_run": "tasks.twin",
    "way_back": "tasks.migrate_down",
    "write_snapshot": "engines.snapshot_file",
}

__all__ = [
    "BackfillLimits",
    "BackfillReceipt",
    "BackfillReport",
    "BackfillState",
    "BackfillStep",
    "Catalogue",
    "Change",
    "Compare",
    "Drift",
    "DriftItem",
    "EngineError",
    "FileEdit",
    "Finding",
    "InputError",
    "Listed",
    "Location",
    "Lock",
    "Merge",
    "Migration",
    "MigrationPlan",
    "MigrationReport",
    "Phase",
    "Proof",
    "Report",
    "Request",
    "RevisionFiles",
    "RevisionState",
    "Rule",
    "SchemaDiff",
    "SchemaObject",
    "Script",
    "Snapshot",
    "StatementEffects",
    "TwinFacts",
    "Wanted",
    "WayBack",
    "Withheld",
    "all_rules",
    "backfill",
    "diff",
    "diff_revisions",
    "drift",
    "history",
    "merge",
    "new_migration",
    "prove",
    "read_request",
    "read_snapshot",
    "snapshot",
    "squash",
    "twin_open",
    "twin_run",
    "way_back",
    "write_snapshot",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"dbspecialist.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
