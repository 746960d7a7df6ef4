"""What makes a stage: its roles, its prepared database, and what stands in that."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.observation import install
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.load import load_schema
from dbspecialist.twins.loader import CAREFUL
from dbspecialist.twins.plan_settings import apply_settings
from dbspecialist.twins.production_roles import make_roles
from dbspecialist.twins.session_settings import session_settings
from dbspecialist.twins.stage_databases import create_database
from dbspecialist.twins.stage_pages import set_one_page
from dbspecialist.twins.stage_roles import OWNER, ensure_roles
from dbspecialist.twins.stand_ins import install_stand_ins
from dbspecialist.twins.statistics import restore_statistics
from dbspecialist.twins.tablespaces import make_tablespaces

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Prepared:
    """A database that a snapshot was loaded into.

    Args:
        cluster: Its server.
        template: Its name.
        left_out: What of the snapshot it does not hold, one sentence each.
        milliseconds: How long preparing it took.
        copies: Names of databases that equal it, with the settings that migrations get.
        empty: The name of one that nothing was loaded into, or "".
    """

    cluster: Cluster
    template: str
    left_out: tuple[str, ...] = ()
    milliseconds: float = 0.0
    copies: tuple[str, ...] = ()
    empty: str = ""


def prepare(server: Cluster, template: str, snapshot: Snapshot | None, scale: float) -> Prepared:
    """Make a stage's prepared database.

    Args:
        server: A running one.
        template: The database's name.
        snapshot: What it stands for, or nothing for an empty one.
        scale: By how much production's sizes are multiplied.
    """
    started = time.perf_counter()
    with server.connect() as admin:
        ensure_roles(admin)
        if snapshot is not None:
            make_roles(admin, snapshot.roles)
            make_tablespaces(admin, snapshot.catalogue, OWNER)
        create_database(admin, template, "template0", owner=OWNER)
    with server.connect(template, options=CAREFUL) as connection:
        left_out = _load(connection, snapshot, scale)
        set_one_page(server, connection)
    return Prepared(server, template, left_out, (time.perf_counter() - started) * 1000)


def prepare_more(made: Prepared, snapshot: Snapshot | None, number: int) -> Prepared:
    """Make copies of a stage's prepared database, and one that nothing is loaded into.

    Args:
        made: The prepared database.
        snapshot: What it stands for.
        number: How many copies.
    """
    copies = tuple(f"{made.template}_{count}" for count in range(number))
    with made.cluster.connect() as admin:
        for name in copies:
            create_database(admin, name, made.template)
            apply_settings(admin, name, session_settings(snapshot))
    empty = prepare(made.cluster, f"{made.template}_empty", None, 1.0)
    return replace(made, copies=copies, empty=empty.template)


def _load(connection: Connection, snapshot: Snapshot | None, scale: float) -> tuple[str, ...]:
    connection.execute(f"ALTER SCHEMA public OWNER TO {OWNER}")
    install_stand_ins(connection)  # also for what the migrations themselves create
    left_out: tuple[str, ...] = ()
    if snapshot is not None:
        left_out = load_schema(connection, snapshot.catalogue, owner=OWNER)
        left_out += restore_statistics(connection, snapshot, scale, owner=OWNER)
    install(connection)
    return left_out
