from __future__ import annotations

import pytest
from recording import Database

from dbspecialist.engines.postgresql.script import split_script
from dbspecialist.toolchains.base import Mark, MigrationFailed, Target
from dbspecialist.toolchains.sending import Sender
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.session_reset import DEFAULTS
from dbspecialist.twins.stage import open_stage

MARK = Mark("1")


def processes_of(cluster: Cluster, database: Database, *scripts: str) -> list[int]:
    """Send scripts in a session each and return the process that served each."""
    database.execute("CREATE TABLE IF NOT EXISTS noted (process int, timeout text)")
    note = "INSERT INTO noted VALUES (pg_backend_pid(), current_setting('lock_timeout'))"
    target = Target(cluster.url(database.info.dbname), lambda _: None, watched=False)
    with Sender(target) as sender:
        for script in scripts:
            sender.run("1", split_script(f"{note};\n{script}"), "each")
            sender.renew()
    return [row[0] for row in database.execute("SELECT process FROM noted")]


@pytest.mark.parametrize(
    ("script", "served"),
    [
        ("CREATE TABLE a (id int)", 1),
        ("SET lock_timeout = '3s'", 1),
        ("SET app.tenant = '1'", 2),
        ("SELECT setseed(0.5)", 2),
    ],
)
def test_unwatched_session_serves_again_what_it_can_be_made_new_for(
    cluster: Cluster, database: Database, script: str, served: int
) -> None:
    assert len(set(processes_of(cluster, database, script, "SELECT 1"))) == served
    assert database.execute("SELECT DISTINCT timeout FROM noted").fetchall() == [("0",)]


def test_unwatched_session_ends_where_a_new_one_has_other_defaults(
    cluster: Cluster, database: Database
) -> None:
    name = database.info.dbname
    script = f"ALTER DATABASE \"{name}\" SET lock_timeout = '3s'"
    assert len(set(processes_of(cluster, database, script, "SELECT 1"))) == 2
    assert database.execute("SELECT timeout FROM noted").fetchall() == [("0",), ("3s",)]
    assert database.execute(DEFAULTS.encode()).fetchall()


def test_session_ends_with_what_a_failure_left_open(cluster: Cluster, database: Database) -> None:
    target = Target(cluster.url(database.info.dbname), lambda _: None, watched=False)
    with Sender(target) as sender:
        sender.query(MARK, "BEGIN")
        sender.query(MARK, "CREATE TABLE a ()")
        with pytest.raises(MigrationFailed):
            sender.query(MARK, "SELECT 1 / 0")
        sender.renew()
        sender.query(MARK, "CREATE TABLE b ()")
    found = database.execute("SELECT to_regclass('a'), to_regclass('b')").fetchone()
    assert found == (None, "b")


@pytest.mark.parametrize(
    ("script", "sessions"),
    [
        ("CREATE TEMP TABLE draft (id int)", 1),
        ("SET lock_timeout = '3s'", 2),
        ("ALTER ROLE CURRENT_USER RESET lock_timeout", 2),
    ],
)
def test_watched_session_serves_again_where_nothing_was_set(
    cluster: Cluster, script: str, sessions: int
) -> None:
    with (
        open_stage(None, cluster=cluster) as stage,
        stage.database() as database,
        stage.observer(database) as observer,
        Sender(Target(observer.url, observer.mark)) as sender,
    ):
        seen = []
        for text in (script, "CREATE TABLE draft (id int)"):
            sender.run("1", split_script(text), "each")
            seen.append(sender._session)
            sender.renew()
        recorded = [item.effects.sql for item in observer.take()]
    assert len({id(item) for item in seen}) == sessions
    assert recorded == [script, "CREATE TABLE draft (id int)"]
