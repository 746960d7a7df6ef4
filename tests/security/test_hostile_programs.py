"""Migrations that are programs, and scripts that ask psql for one."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import dbspecialist
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.report import Report
from dbspecialist.twins import confinement
from dbspecialist.twins.confinement import calls_are_filtered, confined, network_is_cut

linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has it")
ENV = """from alembic import context
from sqlalchemy import create_engine

with create_engine("postgresql+psycopg://").connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """import os, socket, subprocess, sys
from alembic import op
revision = "r1"
down_revision = None
def upgrade():
    {up}
def downgrade():
    pass
"""


def proven(folder: Path, up: str) -> Report:
    """Prove an Alembic project whose one revision does this."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    (folder / "migrations" / "env.py").write_text(ENV)
    (versions / "r1.py").write_text(REVISION.format(up=up))
    report = dbspecialist.prove([folder])
    assert [item.migration.revision for item in report.migrations] == ["r1"]
    return report


def said(report: Report) -> str:
    return " ".join(item.message for item in report.findings)


@pytest.mark.parametrize(
    "command",
    [
        "\\! touch {place}",
        "\\copy t from program 'touch {place}'",
        "\\copy t to program 'touch {place}'",
        "\\copy t to '{place}'",
        "SELECT 1 \\g {place}",
        "SELECT 1 \\g |touch {place}",
        "\\o {place}",
        "\\o |touch {place}",
        "\\w {place}",
        "\\set x `touch {place}`",
        "\\setenv PGHOST elsewhere",
        "\\c postgresql://elsewhere/production",
        "\\connect production",
        "\\lo_import /etc/passwd",
        "SELECT 1 \\gexec \\! touch {place}",
        "\\i {outside}",
        "\\ir {outside}",
        "\\copy t from '{outside}'",
    ],
)
def test_command_of_psql_reaches_nothing_outside(tmp_path: Path, command: str) -> None:
    outside, place = tmp_path / "outside.txt", tmp_path / "made"
    outside.write_text("a secret that no report quotes\n")
    project = tmp_path / "project"
    project.mkdir()
    text = f"CREATE TABLE t (a text);\n{command.format(place=place, outside=outside)}\n"
    (project / "1_a.sql").write_text(text)
    try:
        told = said(dbspecialist.prove([project], toolchain="sql"))
    except InputError as error:
        told = str(error)
    assert not place.exists()
    assert "secret" not in told.replace("a secret that", "")


@pytest.mark.skipif(not network_is_cut() and not calls_are_filtered(), reason="no confinement")
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_migration_opens_no_connection(tmp_path: Path, host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        server = socket.create_server((host, 0), family=family)
    except OSError:
        pytest.skip(f"NOT TESTED: this machine has no {host}")
    with server:
        port = server.getsockname()[1]
        told = said(proven(tmp_path, f"socket.create_connection(({host!r}, {port}), 2)"))
        assert re.search(r"unreachable|not permitted|denied|[Cc]annot assign", told)
        server.settimeout(0.2)
        with pytest.raises(TimeoutError):
            server.accept()


def test_migration_finds_no_database_of_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql://me:s3cret@production/shop"
    for name in ("DATABASE_URL", "OUR_DB", "DBS_DATABASE_URL"):
        monkeypatch.setenv(name, url)
    monkeypatch.setenv("PGPASSWORD", "s3cret")
    monkeypatch.setenv("PGPASSFILE", "/home/me/.pgpass")
    monkeypatch.setenv("PGSERVICEFILE", "/home/me/.pg_service.conf")
    seen = tmp_path / "seen"
    proven(tmp_path / "project", f"open({str(seen)!r}, 'w').write(repr(dict(os.environ)))")
    text = seen.read_text()
    assert "s3cret" not in text
    assert "/home/me" not in text
    assert "production" not in text


@linux
def test_endless_output_does_not_fill_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confinement, "LARGEST_FILE", 1 << 20)
    assert "File too large" in said(proven(tmp_path, "while True: os.write(2, b'x' * 65536)"))


@pytest.fixture
def marker() -> Iterator[str]:
    """Return an argument that nobody else's processes have; none may be left with it."""
    own = f"{2000 + os.getpid()}.5"
    yield own
    left = [
        item for item in psutil.process_iter(["cmdline"]) if own in (item.info["cmdline"] or [])
    ]
    assert left == []


@linux
def test_fork_bomb_ends_with_its_migration(tmp_path: Path, marker: str) -> None:
    bomb = f"for n in 1 2 3 4 5 6 7 8; do (setsid sh -c 'sleep {marker}' &) ; done"
    proven(tmp_path, f"subprocess.run(['sh', '-c', {bomb!r}], check=True)")


@linux
def test_program_of_a_project_is_what_the_kernel_ends_first_without_memory() -> None:
    told = subprocess.run(
        ["cat", "/proc/self/oom_score_adj"], preexec_fn=confined(), capture_output=True, check=True
    )
    assert told.stdout == b"1000\n"
