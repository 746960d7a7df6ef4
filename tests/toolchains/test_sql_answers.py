"""SQL files for psql that send other statements by what they are answered."""

from pathlib import Path

import pytest
from recording import Database, names, recording
from test_sql_files import project

from dbspecialist.toolchains.base import MigrationFailed
from dbspecialist.twins.cluster import Cluster

GUARDED = """\
SELECT to_regclass('a') IS NULL AS lacks_a, :SERVER_VERSION_NUM > 90000 AS recent \\gset
\\if :lacks_a
CREATE TABLE a (id int);
\\else
CREATE TABLE b (id int);
\\endif
SELECT format('CREATE INDEX %I ON a (id)', name) FROM (VALUES ('i1'), ('i2')) t (name) \\gexec
\\if :recent
CREATE TABLE c (id int);
\\endif
"""


def test_upgrade_follows_what_is_answered(
    tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    sql = project(tmp_path, {"1.sql": GUARDED})
    (migration,) = sql.history()
    assert (migration.asks, migration.transactional) == (True, False)
    seen = recording(cluster, database)
    with sql.runner(seen.target) as runner:
        runner.upgrade([migration])
        assert names(database) == ["a", "c", "i1", "i2"]
        with pytest.raises(MigrationFailed, match='relation "i1" already exists'):
            runner.upgrade([migration])
    lines = [("1", line) for line in (1, 3, 7, 7, 7, 9)]
    assert seen.lines() == [*lines, ("1", 1), ("1", 5), ("1", 7), ("1", 7)]
    assert names(database) == ["a", "b", "c", "i1", "i2"]


def test_upgrade_in_a_single_transaction_leaves_nothing_of_a_failure(
    tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    sql = project(tmp_path, {"1.sql": f"{GUARDED}SELECT 1 FROM a \\gset\n"})
    (tmp_path / "2.sql").write_text(
        "SELECT 1 AS one \\gset\n\\if :one\nCREATE TABLE d ();\n\\endif\n"
    )
    whole = type(sql)(sql.root, sql.folder, single_transaction=True)
    seen = recording(cluster, database)
    with whole.runner(seen.target) as runner:
        with pytest.raises(MigrationFailed) as caught:
            runner.upgrade(whole.history()[:1])
        assert names(database) == []
        runner.upgrade(whole.history()[1:])
    assert caught.value.reason == (
        f"{tmp_path}/1.sql:11: \\gset gets 0 rows, and needs one; write a query of one row"
    )
    assert not caught.value.unchecked
    assert names(database) == ["d"]


def test_upgrade_that_comes_to_what_is_not_run_is_unchecked(
    tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    text = "SELECT true AS yes \\gset\n\\if :yes\n\\connect other\n\\endif\n"
    sql = project(tmp_path, {"1.sql": text})
    seen = recording(cluster, database)
    with sql.runner(seen.target) as runner, pytest.raises(MigrationFailed) as caught:
        runner.upgrade(sql.history())
    assert caught.value.unchecked
    assert "1.sql:3: \\connect is not run" in caught.value.reason


def test_copy_sends_the_rows_of_its_file(
    tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    text = "CREATE TABLE a (id int, b text);\n\\copy a FROM 'rows.csv' (FORMAT csv)\n"
    sql = project(tmp_path, {"1.sql": text, "rows.csv": "1,one\n2,\n"})
    seen = recording(cluster, database)
    with sql.runner(seen.target) as runner:
        runner.upgrade(sql.history())
    assert database.execute("SELECT * FROM a").fetchall() == [(1, "one"), (2, None)]
    assert seen.lines() == [("1", 1), ("1", 2)]
