"""The way back: upgrade, downgrade and upgrade again on a twin with rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.walked import RoundTrip
from dbspecialist.proofs.round_trip_verdict import Observed, judge_round_trip
from dbspecialist.proofs.rows import Fingerprints, fingerprint
from dbspecialist.toolchains.base import MigrationFailed


def prove_round_trip(
    run_up: Callable[[], object],
    run_down: Callable[[], int],
    connection: psycopg.Connection[Any],
    *,
    reversible: bool | None = None,
    before: Catalogue | None = None,
) -> tuple[RoundTrip, Observed]:
    """Run a migration up, down and up again, and judge what the catalogue and the rows show.

    A way back that fails can leave the database between two states (`Observed.is_up`).

    Args:
        run_up: Runs the upgrade; raises MigrationFailed where it stops.
        run_down: Runs the downgrade and returns the number of statements it sent.
        connection: To the database both run on, which holds the rows to try them with.
        reversible: Whether the toolchain has a way back: if not, the upgrade alone is run.
        before: The catalogue as it is now, where it was just read.
    """
    before = before or read_catalogue(connection)
    seen = Observed(before, fingerprint(connection, before))
    try:
        run_up()
    except MigrationFailed as error:
        seen = replace(seen, up_error=error)
        return judge_round_trip(seen, reversible=reversible), seen
    up, rows_up = _read(connection)
    seen = replace(seen, up=up, rows_up=rows_up)
    if reversible is not False:
        seen = _back_and_again(seen, run_up, run_down, connection)
    return judge_round_trip(seen, reversible=reversible), seen


def _back_and_again(
    seen: Observed,
    run_up: Callable[[], object],
    run_down: Callable[[], int],
    connection: psycopg.Connection[Any],
) -> Observed:
    try:
        statements = run_down()
    except MigrationFailed as error:
        return replace(seen, down_error=error)
    down, rows_down = _read(connection)
    seen = replace(seen, down=down, rows_down=rows_down, statements_down=statements)
    try:
        run_up()
    except MigrationFailed as error:
        return replace(seen, again_error=error)
    return replace(seen, again=read_catalogue(connection))


def _read(connection: psycopg.Connection[Any]) -> tuple[Catalogue, Fingerprints]:
    catalogue = read_catalogue(connection)
    return catalogue, fingerprint(connection, catalogue)
