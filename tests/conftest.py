"""Fixtures for all rooms: a real throwaway server, and a fresh database in it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from dbspecialist.twins.cluster import Cluster, start_cluster

_numbers = itertools.count()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with start_cluster({"shared_preload_libraries": "pg_stat_statements"}) as running:
        yield running


@pytest.fixture
def database(cluster: Cluster) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    name = f"test_{next(_numbers)}"
    with cluster.connect() as admin:
        admin.execute(f"CREATE DATABASE {name}")
    with cluster.connect(name) as connection:
        yield connection
    with cluster.connect() as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
