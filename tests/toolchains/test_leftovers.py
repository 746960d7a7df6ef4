"""What a migration's own code starts is gone with its runner, whatever it left."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from alembic_fixture import revision, write_project
from node_projects import installed, write
from recording import Recording, recording

from dbspecialist.toolchains.alembic import detect as detect_alembic
from dbspecialist.toolchains.base import MigrationFailed
from dbspecialist.toolchains.sequelize import detect as detect_sequelize
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.processes import VARIABLE, end_marked

#: How a program leaves its group, its parent, or the environment that it was given.
WAYS = {
    "group": "exec setsid sleep {}",
    "parent": "setsid sleep {} & exit",
    "environment": "setsid env -i sleep {} & exit",
}
PYTHON = """import subprocess
subprocess.run(["sh", "-c", {!r}], start_new_session=True, check=True)"""
STAY = """import subprocess, time
subprocess.Popen(["sh", "-c", {!r}])
time.sleep(0.2)"""
SEQUELIZE = """module.exports = {{
  async up(queryInterface) {{
    require('child_process').spawn('sh', ['-c', {!r}], {{ detached: true, stdio: 'ignore' }});
    await new Promise((done) => setTimeout(done, 200));
  }},
  async down(queryInterface) {{}},
}};
"""


@pytest.fixture
def seen(cluster: Cluster, database: psycopg.Connection[tuple[Any, ...]]) -> Recording:
    return recording(cluster, database)


def sleeping(seconds: str) -> list[list[str]]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if seconds in process.cmdline()[1:]:
                found.append(process.cmdline())
    return found


@pytest.fixture
def seconds() -> Iterator[str]:
    """Return an argument of `sleep` that nobody else uses."""
    own = f"{1000 + os.getpid()}.{time.monotonic_ns() % 1000000}"
    yield own
    assert sleeping(own) == []


def started(seconds: str) -> None:
    """Wait until `setsid` has become `sleep`."""
    until = time.monotonic() + 5
    while sleeping(seconds) != [["sleep", seconds]]:
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("way", WAYS)
def test_program_of_a_python_migration_ends_with_it(
    tmp_path: Path, seen: Recording, seconds: str, way: str
) -> None:
    body = (STAY if way == "group" else PYTHON).format(WAYS[way].format(seconds))
    found = detect_alembic(write_project(tmp_path, {"1": revision("aaa", None, body)}))
    assert found is not None
    with found.runner(seen.target) as runner:
        runner.upgrade(found.history())
        started(seconds)


def test_program_of_a_python_migration_that_ends_itself(
    tmp_path: Path, seen: Recording, seconds: str
) -> None:
    body = STAY.format(WAYS["group"].format(seconds)) + "\nimport os\nos._exit(0)"
    found = detect_alembic(write_project(tmp_path, {"1": revision("aaa", None, body)}))
    assert found is not None
    with found.runner(seen.target) as runner:
        with pytest.raises(MigrationFailed, match="it ended with status 0"):
            runner.upgrade(found.history())
        started(seconds)


@pytest.mark.parametrize("way", WAYS)
def test_program_of_a_javascript_migration_ends_with_it(
    tmp_path: Path, seen: Recording, seconds: str, way: str
) -> None:
    modules = installed(sequelize="6.37.8", pg="8.16.3")
    package = '{"dependencies": {"sequelize": "6.37.8", "pg": "8.16.3"}}'
    body = SEQUELIZE.format(WAYS[way].format(seconds))
    write(tmp_path, {"package.json": package, "migrations/1-a.js": body})
    (tmp_path / "node_modules").symlink_to(modules)
    found = detect_sequelize(tmp_path)
    assert found is not None
    with found.runner(seen.target) as runner:
        runner.upgrade(found.history())
        started(seconds)


def test_programs_of_a_killed_owner_are_ended(seconds: str) -> None:
    environment = {**os.environ, VARIABLE: "1-2-3.of-a-test"}
    subprocess.run(
        ["sh", "-c", WAYS["parent"].format(seconds)],
        env=environment,
        start_new_session=True,
        check=True,
    )
    end_marked("1-2-4.")
    started(seconds)
    end_marked("1-2-3.")


def test_programs_that_are_started_while_others_end(seconds: str) -> None:
    script = f"while :; do setsid sleep {seconds} & sleep 0.001; done"
    environment = {**os.environ, VARIABLE: "1-2-3.of-a-bomb"}
    with subprocess.Popen(["sh", "-c", script], env=environment, start_new_session=True):
        time.sleep(0.3)
        end_marked("1-2-3.")
