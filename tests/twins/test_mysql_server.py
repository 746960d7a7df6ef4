from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from pymysql.err import MySQLError

from dbspecialist.engines.mysql.driver import execute, rows
from dbspecialist.twins.cluster import remove_orphans
from dbspecialist.twins.mysql.load import OWNER
from dbspecialist.twins.mysql.server import Server
from dbspecialist.twins.mysql.stage import open_stage

pytestmark = pytest.mark.needs_mariadb

OWNED = """
import time
from dbspecialist.twins.mysql.server import start_server
with start_server() as server:
    print(server.folder, server._process.pid, flush=True)
    time.sleep(60)
"""


def test_server_and_folder_are_gone_after_the_block(mariadb: Server) -> None:
    from dbspecialist.twins.mysql.server import start_server

    with start_server("mariadb") as server:
        folder = server.folder
        assert rows(server.connect(), "SELECT @@skip_networking")[0][0] == 1
    assert not folder.exists()


def test_server_ends_with_an_owner_that_is_killed() -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNED], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    folder, pid = owner.stdout.readline().split()
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    deadline = time.monotonic() + 10
    while psutil.pid_exists(int(pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(int(pid))
    remove_orphans()
    assert not Path(folder).exists()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 INTO OUTFILE '/tmp/dbs_escape'",
        "LOAD DATA INFILE '/etc/passwd' INTO TABLE t",
        "CREATE FUNCTION sys_exec RETURNS INT SONAME 'lib_mysqludf_sys.so'",
        "INSTALL SONAME 'ha_federatedx'",
        "SET GLOBAL general_log_file = '/tmp/dbs_escape'",
        "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1')",
        "DROP DATABASE mysql",
    ],
)
def test_migrations_cannot_leave_the_twin(mariadb: Server, statement: str) -> None:
    with open_stage(server=mariadb) as stage:
        session = stage.session()
        execute(session, "CREATE TABLE t (a TEXT)")
        with pytest.raises(MySQLError, match="denied"):
            execute(session, statement)
        session.close()


def test_owner_reads_no_file(mariadb: Server) -> None:
    with open_stage(server=mariadb) as stage:
        session = stage.session()
        assert rows(session, "SELECT user(), load_file('/etc/passwd')") == [
            (f"{OWNER}@localhost", None)
        ]
        session.close()
