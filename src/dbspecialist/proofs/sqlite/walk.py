"""The walk of one migration on SQLite: up, watched, then down and up again."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from dbspecialist.engines.postgresql.script import ScriptStatement
from dbspecialist.engines.sqlite.catalogue import read_catalogue
from dbspecialist.engines.sqlite.connection import Session, engine_error
from dbspecialist.engines.sqlite.effects import OPEN, Observer
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.walked import RoundTrip, RowsError
from dbspecialist.proofs.round_trip_verdict import Observed, judge_round_trip
from dbspecialist.proofs.scripts import Script
from dbspecialist.proofs.sqlite.compatibility import OldCode
from dbspecialist.proofs.sqlite.fingerprints import fingerprint
from dbspecialist.toolchains.base import MigrationFailed


def walk_script(session: Session, script: Script, run: Run) -> Trial:
    """Run a migration up, watched, then down and up again."""
    known = run.snapshot.relations if run.snapshot else ()
    observer = Observer(session, {item.relation: item.tuples * run.scale for item in known})
    before = observer.catalogue
    rows_before = fingerprint(session.connection, before)
    code = OldCode(session, run.snapshot.workload if run.snapshot else ())
    violations = set(_violations(session))
    statements, warnings = _watched(session, observer, script, violations)
    after = observer.catalogue
    trial = Trial(script.migration, tuple(statements), before, after, rows_warnings=warnings)
    if any(item.error for item in statements):
        return replace(trial, round_trip=_not_reached(script.migration))
    seen = Observed(before, rows_before, after, fingerprint(session.connection, after))
    broken = code.broken()
    reversible = bool(script.down)
    if reversible:
        seen = _back_and_again(session, script, seen)
    trip = judge_round_trip(seen, reversible=reversible)
    return replace(trial, round_trip=trip, broken=broken)


def _watched(
    session: Session, observer: Observer, script: Script, known: set[str]
) -> tuple[list[StatementEffects], dict[int, tuple[str, ...]]]:
    """Send the way up; return what each statement did, and what the end of it shows."""
    statements: list[StatementEffects] = []
    if script.wraps:
        session.execute("BEGIN")
    for item in script.up:
        effects = observer.send(item.sql, item.line)
        statements.append(effects)
        if effects.error is not None:
            break
    failed = bool(statements) and statements[-1].error is not None
    told = []
    if session.in_transaction and not script.wraps and not failed:
        told.append(OPEN)
    with contextlib.suppress(sqlite3.Error):
        session.execute("ROLLBACK" if told or failed else "COMMIT")
    observer.catalogue = read_catalogue(session.connection)
    told += [item for item in _violations(session) if item not in known]
    return statements, {len(statements) - 1: tuple(told)} if told and statements else {}


def _violations(session: Session) -> list[str]:
    """Ask for rows that refer to none (SQLite manual, "PRAGMA foreign_key_check")."""
    try:
        found = session.execute("PRAGMA foreign_key_check")
    except sqlite3.Error as error:
        return [f"foreign_key_check: {error}"]
    counted: dict[tuple[object, object], int] = {}
    for row in found:
        counted[row[0], row[2]] = counted.get((row[0], row[2]), 0) + 1
    return [
        f"foreign_key_check: {count} row{'' if count == 1 else 's'} of main.{table} "
        f"refer{'s' if count == 1 else ''} to none of main.{parent}"
        for (table, parent), count in counted.items()
    ]


def _back_and_again(session: Session, script: Script, seen: Observed) -> Observed:
    revision = script.migration.revision
    error = run_script(session, script.down, script.wraps)
    if error is not None:
        return replace(seen, down_error=MigrationFailed(revision, "", error.error))
    down = read_catalogue(session.connection)
    seen = replace(
        seen,
        down=down,
        rows_down=fingerprint(session.connection, down),
        statements_down=len(script.down),
    )
    error = run_script(session, script.up, script.wraps)
    if error is not None:
        return replace(seen, again_error=MigrationFailed(revision, "", error.error))
    return replace(seen, again=read_catalogue(session.connection))


def run_script(
    session: Session, statements: Sequence[ScriptStatement], wraps: bool
) -> RowsError | None:
    """Send a script as its runner does, up to the first refused statement."""
    if wraps:
        session.execute("BEGIN")
    refused = None
    for index, statement in enumerate(statements):
        try:
            session.execute(statement.sql)
        except sqlite3.Error as error:
            refused = RowsError(index, engine_error(error))
            break
    if session.in_transaction:
        session.execute("COMMIT" if wraps and refused is None else "ROLLBACK")
    return refused


def _not_reached(migration: Migration) -> RoundTrip:
    basis = f"the way up stops in {migration.revision}"
    claim = "the way back restores what was there"
    return RoundTrip("unchecked", Proof(claim, "unchecked", basis))
