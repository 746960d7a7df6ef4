import psycopg

from dbspecialist.toolchains.base import Mark
from dbspecialist.twins.stage import open_stage


def test_a_transaction_may_set_its_isolation_level_after_it_began() -> None:
    with (
        open_stage(None) as stage,
        stage.database() as database,
        stage.cluster.connect(database) as admin,
        admin.execute("CREATE TABLE t (id int)"),
        admin.execute("ALTER TABLE t OWNER TO pg_database_owner"),
        stage.observer(database) as observer,
        psycopg.connect(observer.url, autocommit=True) as connection,
    ):
        observer.mark(Mark("one", 1))
        connection.execute("BEGIN")
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute("ALTER TABLE t ADD COLUMN a int")
        shown = connection.execute("SHOW transaction_isolation").fetchone()
        connection.execute("ALTER TABLE t ADD COLUMN b int")
        connection.execute("COMMIT")
        seen = [item.effects for item in observer.take()]
    assert shown == ("repeatable read",)
    changes = [item for item in seen if item.tags == ("ALTER TABLE",)]
    assert [(item.sql, [lock.mode for lock in item.locks]) for item in changes] == [
        ("ALTER TABLE t ADD COLUMN a int", ["AccessExclusiveLock"]),
        ("ALTER TABLE t ADD COLUMN b int", []),
    ]
    assert all(item.in_transaction and item.error is None for item in seen)
    assert len({item.transaction for item in seen}) == 1
