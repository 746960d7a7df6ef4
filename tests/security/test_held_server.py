"""What the superuser of a twin's server cannot do: the last wall, when all others have fallen."""

from __future__ import annotations

import os
import re
import socket
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbspecialist.twins import confinement, landlock
from dbspecialist.twins.confinement import calls_are_filtered, gaps, server_is_held
from dbspecialist.twins.installation import find_installation, server_account

PROGRAM = Path(find_installation().program("postgres"))
held = pytest.mark.skipif(not server_is_held(PROGRAM), reason="this kernel has no Landlock")
filtered = pytest.mark.skipif(not calls_are_filtered(), reason="no seccomp filters here")

#: What the kernel's refusals become; the C library calls a shell that cannot be started a lack of
#: memory.
REFUSED = re.compile(
    r"[Pp]ermission denied|not permitted|could not execute command|command not executable"
)

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Make a folder that the server's account may write to as far as its rights go."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o711)
    folder = tmp_path / "outside"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "secret").write_text("secret\n")
    (folder / "secret").chmod(0o644)
    return folder


def refused(connection: Connection, statement: str) -> str:
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(statement.encode())
    return str(caught.value)


@held
@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO PROGRAM 'cat > {folder}/made'",
        "COPY (SELECT 1) TO '{folder}/made'",
        "SELECT lo_create(77777); SELECT lo_export(77777, '{folder}/made')",
        "SELECT lo_import('{folder}/secret')",
        "SELECT pg_read_file('{folder}/secret')",
        "SELECT pg_ls_dir('{folder}')",
        "SELECT pg_read_file('/proc/{parent}/environ')",
        "CREATE TEMP TABLE t (line text); COPY t FROM '{folder}/secret'",
        "CREATE TEMP TABLE t (line text); COPY t FROM PROGRAM 'cat {folder}/secret'",
        "LOAD '{folder}/secret'",
        "CREATE TABLESPACE out LOCATION '{folder}'",
    ],
)
def test_superuser_reaches_no_file_or_program(
    database: Connection, outside: Path, statement: str
) -> None:
    said = refused(database, statement.format(folder=outside, parent=os.getpid()))
    assert REFUSED.search(said), said
    assert sorted(path.name for path in outside.iterdir()) == ["secret"]


@filtered
def test_superuser_connects_to_no_socket_with_a_path(database: Connection, outside: Path) -> None:
    reached = threading.Event()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(outside / ".s.PGSQL.5432"))
        (outside / ".s.PGSQL.5432").chmod(0o777)
        listener.listen()
        listener.settimeout(2)

        def wait() -> None:
            try:
                listener.accept()
            except OSError:
                return
            reached.set()

        waiting = threading.Thread(target=wait)
        waiting.start()
        database.execute("SET extension_control_path = '$system'")  # not the stand-in
        database.execute("CREATE EXTENSION dblink")
        said = refused(
            database,
            f"SELECT * FROM dblink('host={outside} dbname=x', 'select 1') AS t(x int)",
        )
        waiting.join()
    assert "could not establish connection" in said
    assert not reached.is_set()


def test_gaps_are_told_where_the_kernel_lacks_something(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(gaps(PROGRAM)) == (not server_is_held(PROGRAM)) + (
        not confinement.network_is_cut() and not calls_are_filtered()
    )
    monkeypatch.setattr(landlock, "version", lambda: 0)
    server_is_held.cache_clear()
    try:
        assert "Landlock" in " ".join(gaps(PROGRAM))
    finally:
        server_is_held.cache_clear()


def test_server_runs_under_another_account_than_root() -> None:
    account = server_account()
    assert (account is not None) == (os.geteuid() == 0)
