"""Input that cannot be used: one line, status 2, nothing left behind."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

DBS = Path(sys.executable).with_name("dbs")
SHOP = Path(__file__).parents[2] / "examples" / "shop" / "prod.snapshot"
REVISION = "revision = '{0}'\ndown_revision = {1}\ndef upgrade():\n    pass\n"
ENVIRONMENT = """
import os
from alembic import context
from sqlalchemy import create_engine
with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
ALEMBIC = {
    "alembic.ini": "[alembic]\nscript_location = migrations\n",
    "migrations/env.py": ENVIRONMENT,
    "migrations/versions/a.py": REVISION.format("a", None),
}


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DBS, *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def made(folder: Path, files: dict[str, Any]) -> Path:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def refused(folder: Path, *arguments: str, **environment: str) -> str:
    before = sorted(folder.rglob("*"))
    ended = run(folder, *arguments, **environment)
    assert (ended.returncode, ended.stdout) == (2, ""), ended.stderr
    assert re.fullmatch(r"dbs: [^\n]+\n", ended.stderr)
    assert sorted(folder.rglob("*")) == before
    return ended.stderr.removeprefix("dbs: ").rstrip("\n")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"1_a.sql": bytes(range(256))}, "1_a.sql: byte 128 is not UTF-8; save the file as UTF-8"),
        ({"1_a.sql": "SELECT 1".encode("utf-16")}, "1_a.sql: byte 0 is not UTF-8"),
        ({"1_a.sql": "SELECT 1;\0"}, "1_a.sql: the file holds a zero byte; give a file of text"),
        ({"1_a.sql": "SELECT 'x"}, "1_a.sql:1: a quote ('…') begins here and has no end; close it"),
        ({"1_a.sql": "\nDO $$"}, "1_a.sql:2: a dollar quote ($$) begins here and has no end"),
        ({"readme.txt": ""}, ".: no migrations found; give a path that holds one of: alembic.ini"),
        ({}, ".: no migrations found; give a path that holds one of: alembic.ini"),
        (
            {**ALEMBIC, "migrations/versions/a.py": "revision = 'a'\ndef upgrade(:\n"},
            "migrations/versions/a.py:2: it does not parse: invalid syntax; mend it",
        ),
        (
            {**ALEMBIC, "migrations/versions/a.py": b"\xff\xfe\0"},
            "migrations/versions/a.py: byte 0 is not UTF-8; save the file as UTF-8",
        ),
        (
            {**ALEMBIC, "migrations/versions/b.py": REVISION.format("b", "'zz'")},
            "migrations/versions/b.py: its down_revision zz is in no file; restore that revision",
        ),
        (
            {**ALEMBIC, "migrations/versions/b.py": REVISION.format("a", None)},
            "migrations/versions/b.py: revision a stands in a.py as well; rename one",
        ),
        (
            {
                "prisma/migrations/migration_lock.toml": 'provider = "sqlserver"\n',
                "prisma/migrations/1_a/migration.sql": "CREATE TABLE `t` (a int);",
            },
            "prisma/migrations/migration_lock.toml: the migrations are for sqlserver, not for Post",
        ),
        ({"1_a.sql": "", "dbspecialist.toml": "x = = 1"}, "dbspecialist.toml: is not TOML (Inv"),
        ({"1_a.sql": "", "dbspecialist.toml": "snapshto = ''"}, "key 'snapshto' is not known; wr"),
    ],
)
def test_project_that_cannot_be_read(tmp_path: Path, files: dict[str, Any], said: str) -> None:
    assert said in refused(made(tmp_path, files), "prove", ".")


def test_revision_that_does_not_import(tmp_path: Path) -> None:
    revision = "import not_there\n" + REVISION.format("a", None)
    told = refused(made(tmp_path, {**ALEMBIC, "migrations/versions/a.py": revision}), "prove", ".")
    assert told == (
        "migrations/versions/a.py: it does not import: ModuleNotFoundError: No module named"
        " 'not_there'; mend it, install what it needs, or name its interpreter with --python"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("nothere",), "Path 'nothere' does not exist; see dbs prove --help"),
        ((".", "--from", "zz"), "alembic in .: there is no revision zz; the newest is a"),
        ((".", "--to", "zz"), "alembic in .: there is no revision zz; the newest is a"),
        ((".", "--scale", "0"), "0.0 is not in the range x>0; see dbs prove --help"),
        ((".", "--scale", "nan"), "--scale: nan is not usable; give a number up to 1,000,000"),
        ((".", "--max-blocked", "soon"), "'soon' is not a duration; see dbs prove --help"),
        ((".", "--select", "zz"), "no rule is called 'zz'; see dbs rules"),
        ((".", "--snapshot", "."), "File '.' is a directory; see dbs prove --help"),
        ((".", "--database", "postgrse://u:secret@h/x"), "write it as postgresql://USER@HOST:POR"),
        ((".", "--python", "alembic.ini"), "alembic.ini: it cannot be started (Permission denied)"),
        ((".", "--output", "."), "File '.' is a directory; see dbs prove --help"),
        ((".", "--output", "gone/a"), "gone/a: cannot be written (No such file or directory)"),
    ],
)
def test_option_that_cannot_be_used(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    told = refused(made(tmp_path, ALEMBIC), "prove", *options)
    assert said in told
    assert "secret" not in told


def test_base_without_git(tmp_path: Path) -> None:
    told = refused(made(tmp_path, ALEMBIC), "prove", ".", "--base", "main", GIT_DIR="/nowhere")
    assert told.endswith("give --from or a snapshot instead")


def damaged(**changed: Any) -> bytes:
    content = json.loads(gzip.decompress(SHOP.read_bytes()))
    return gzip.compress(json.dumps({**content, **changed}).encode(), 1, mtime=0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a snapshot; make one with: dbs snapshot URL"),
        (b"PK\x03\x04", "is not a snapshot; make one with: dbs snapshot URL"),
        (gzip.compress(b"[1]", mtime=0), "is not a snapshot; make one with: dbs snapshot URL"),
        (
            gzip.compress(b'{"format": "another"}', mtime=0),
            "is not a snapshot; make one with: dbs snapsh",
        ),
        (gzip.compress(b"[" * 100_000, mtime=0), "is damaged (maximum recursion depth exceeded"),
        (SHOP.read_bytes()[:-2000], "is cut short; take the snapshot again"),
        (damaged(version=2), "has format version 2, this dbspecialist reads version 1; use the"),
        (damaged(engine="oracle"), "a snapshot of oracle; take one of PostgreSQL"),
        (damaged(server_version="18"), "is damaged (server_version is str); take the snapshot"),
        (damaged(settings=[1]), "is damaged (settings is list); take the snapshot again"),
        (damaged(relations=3), "is damaged ('int' object is not subscriptable); take the snap"),
        (
            damaged(relations={"fields": ["relation"], "rows": [[None]]}),
            "is damaged (RelationStatistics.relation is NoneType); take the snapshot again",
        ),
    ],
)
def test_snapshot_that_cannot_be_read(tmp_path: Path, content: bytes, said: str) -> None:
    made(tmp_path, {"1_a.sql": "", "prod.snapshot": content})
    assert said in refused(tmp_path, "prove", ".", "--snapshot", "prod.snapshot")
    assert said in refused(tmp_path, "twin", "run", "prod.snapshot", "--", "true")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "the database URL is empty; is the variable set that it comes from?"),
        ("postgrse://u:secret@h/x", "the database URL cannot be read; write it as postgresql://"),
        ("postgresql://u:secret@h:abc/x", "the port in the database URL is not a number; write"),
        ("postgresql://u:secret@h/x?zz=1", "the database URL cannot be read; write it as postg"),
        ("postgresql://u:secret@localhost:1/x", "postgresql://u@localhost:1/x: no server answe"),
        ("gone.sql", "gone.sql: No such file or directory; check the path and its rights"),
    ],
)
def test_source_of_a_snapshot_that_cannot_be_read(tmp_path: Path, url: str, said: str) -> None:
    told = refused(tmp_path, "snapshot", url, "-o", "prod.snapshot")
    assert told.startswith(said)
    assert "secret" not in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("prov",), "No such command 'prov'; see dbs --help"),
        (("rules", "zz"), "zz: there is no such rule; see dbs rules"),
        (("twin", "open", "gone"), "twin open: Invalid value for 'SNAPSHOT': File 'gone' does not"),
        (("twin", "run", str(SHOP)), "twin run: Missing argument '-- COMMAND…'; see dbs twin run"),
        (("snapshot", "a.sql", "-o", "gone/x"), "gone: No such file or directory; choose another"),
    ],
)
def test_command_that_cannot_be_run(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    assert refused(tmp_path, *arguments).startswith(said)


def test_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    made(tmp_path, {"a.sql": "CREATE TABLE t (a int);"})
    device = tmp_path / "device"
    os.mkfifo(device)
    reader = os.open(device, os.O_RDONLY | os.O_NONBLOCK)
    try:
        ended = run(tmp_path, "snapshot", "a.sql", "-o", "device")
        assert ended.returncode == 0
        assert os.read(reader, 2) == b"\x1f\x8b"
    finally:
        os.close(reader)
    assert device.is_fifo()


def test_link_is_followed(tmp_path: Path) -> None:
    made(tmp_path, {"a.sql": "CREATE TABLE t (a int);", "kept/old.snapshot": b""})
    (tmp_path / "link").symlink_to("kept/old.snapshot")
    assert run(tmp_path, "snapshot", "a.sql", "-o", "link").returncode == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "kept/old.snapshot").read_bytes()[:2] == b"\x1f\x8b"


def test_path_of_the_socket_is_too_long(tmp_path: Path) -> None:
    made(tmp_path, {"1_a.sql": ""})
    long = tmp_path / ("l" * 100)
    long.mkdir()
    ended = run(tmp_path, "prove", ".", TMPDIR=str(long))
    assert ended.returncode == 2
    assert ended.stderr.endswith(
        "a socket's path would be longer than 103 bytes; set TMPDIR to a folder with a shorter"
        " name\n"
    )
    assert list((long / f"dbspecialist-{os.geteuid()}").iterdir()) == []


def test_folder_that_is_gone(tmp_path: Path) -> None:
    script = 'cd "$(mktemp -d -p .)" && rmdir "$PWD" && exec "$0" prove .'
    ended = subprocess.run(
        ["sh", "-c", script, DBS], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr == "dbs: the current folder is gone; change to another one\n"


def test_variables_of_libpq_do_not_lead_away_from_the_twin(tmp_path: Path) -> None:
    made(tmp_path, {"1_a.sql": "CREATE TABLE t (a int);"})
    steered = {"PGSERVICE": "gone", "PGOPTIONS": "-c gone=1", "PGHOSTADDR": "192.0.2.1"}
    steered |= {"PGSSLMODE": "verify-full", "PGCLIENTENCODING": "LATIN1", "LC_ALL": "C"}
    ended = run(tmp_path, "prove", ".", **steered)
    assert (ended.returncode, ended.stderr) == (0, "")
