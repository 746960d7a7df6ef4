"""Fixtures for all rooms: a real throwaway server, and a fresh database in it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbspecialist.facts.errors import InputError
from dbspecialist.twins.cluster import Cluster, start_cluster
from dbspecialist.twins.mysql.installation import find_installation
from dbspecialist.twins.mysql.server import Server, start_server

_numbers = itertools.count()

#: PostgreSQL 15 as Debian packages it, a server of another major than the twin's.
DEBIAN = Path("/usr/lib/postgresql/15/bin")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip loudly what this machine cannot test; in CI that is a failure."""
    if item.get_closest_marker("needs_debian") and not DEBIAN.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{DEBIAN} is missing: apt-get install postgresql-15")
        pytest.skip("NOT TESTED: no PostgreSQL 15 (apt-get install postgresql-15)")
    if item.get_closest_marker("needs_mariadb") and not _has_mariadb():
        if os.environ.get("CI"):
            pytest.fail("there is no mariadbd: apt-get install mariadb-server")
        pytest.skip("NOT TESTED: no MariaDB or MySQL (apt-get install mariadb-server)")


@cache
def _has_mariadb() -> bool:
    try:
        find_installation("mariadb")
    except InputError:
        return False
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests on one worker, but share the rules' cases, half of all the time."""
    for item in items:
        if item.path.parent.name != "rules":
            item.add_marker(pytest.mark.xdist_group(str(item.path)))


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


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Server]:
    with start_server("mariadb") as running:
        yield running
