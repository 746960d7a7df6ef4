"""What is written for Flyway, run by Flyway."""

from pathlib import Path

from new_revisions import PHASES, catalogue, written
from node_projects import write
from real_flyway import forwarded, jars, migrate
from recording import Database

from dbspecialist.tasks.migrate_project import Wanted
from dbspecialist.tasks.migrate_squash import squash
from dbspecialist.toolchains import find_projects
from dbspecialist.toolchains.revisions import new_revisions
from dbspecialist.twins.cluster import PORT, Cluster

CONF = {"flyway.conf": "flyway.locations=filesystem:sql\n"}
TABLE = "CREATE TABLE t (a integer);\n"


def test_flyway_runs_new_scripts(tmp_path: Path, cluster: Cluster, database: Database) -> None:
    jars()
    write(tmp_path, {**CONF, "sql/V1__t.sql": TABLE})
    written(tmp_path, new_revisions(find_projects(tmp_path)[0], "Add b", PHASES))
    socket = cluster.folder / f".s.PGSQL.{PORT}"
    with forwarded(socket) as port:
        assert migrate(port, database.info.dbname, tmp_path / "sql") == 4
    found = catalogue(database)
    database.execute(b"DROP TABLE t; DROP FUNCTION f()")
    for sql in (TABLE, *(sql for phase in PHASES for sql in phase.up)):
        database.execute(sql.encode())
    assert catalogue(database) == found


def test_flyway_runs_a_baseline_in_place_of_versions(
    tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    jars()
    second = "ALTER TABLE t ADD b text; INSERT INTO t VALUES (1, 'x');"
    write(tmp_path, {**CONF, "sql/V1__t.sql": TABLE, "sql/V2__b.sql": second})
    squash("", "V2", Wanted(tmp_path, title="Base", write=True))
    write(tmp_path, {"sql/V3__c.sql": "ALTER TABLE t ADD c text;"})
    with forwarded(cluster.folder / f".s.PGSQL.{PORT}") as port:
        ran = migrate(port, database.info.dbname, tmp_path / "sql")
    assert ran == 2
    assert database.execute("SELECT * FROM t").fetchall() == [(1, "x", None)]
