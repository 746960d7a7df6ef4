import psycopg
import pytest

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


def test_a_statement_that_waits_for_its_own_run_is_told_from_one_that_is_slow() -> None:
    with (
        open_stage(None) as stage,
        stage.database() as database,
        stage.cluster.connect(database) as admin,
        admin.execute("CREATE TABLE t (id int)"),
        admin.execute("ALTER TABLE t OWNER TO pg_database_owner"),
    ):
        stage.statement_seconds = 0.5
        with (
            stage.observer(database) as observer,
            psycopg.connect(observer.url, autocommit=True) as first,
            psycopg.connect(observer.url, autocommit=True) as second,
        ):
            observer.mark(Mark("one", 1))
            first.execute("BEGIN")
            first.execute("ALTER TABLE t ADD COLUMN a int")
            for slow in ("ALTER TABLE t ADD COLUMN b int", "SELECT pg_sleep(9)"):
                with pytest.raises(psycopg.errors.QueryCanceled):
                    second.execute(slow)
            first.execute("ROLLBACK")
            seen = [item.effects.unchecked for item in observer.take() if item.effects.unchecked]
    assert seen == [
        "stopped after 0.5 s on the twin, waiting for a lock that another session of the same run"
        " holds",
        "stopped after 0.5 s on the twin",
    ]


def test_a_block_that_commits_tells_the_rows_of_its_largest_transaction() -> None:
    block = """DO $$ BEGIN
        UPDATE t SET id = 1 WHERE id = 1;
        RAISE NOTICE 'one';
        COMMIT;
        FOR number IN 2..4 LOOP UPDATE t SET id = 2 WHERE id = 2; END LOOP;
        COMMIT;
    END $$"""
    notices: list[str | None] = []
    with (
        open_stage(None) as stage,
        stage.database() as database,
        stage.cluster.connect(database) as admin,
        admin.execute("CREATE TABLE t (id int PRIMARY KEY)"),
        admin.execute("ALTER TABLE t OWNER TO pg_database_owner"),
        stage.observer(database) as observer,
        psycopg.connect(observer.url, autocommit=True) as connection,
    ):
        connection.add_notice_handler(lambda told: notices.append(told.message_primary))
        observer.mark(Mark("one", 1))
        connection.execute(block.encode())
        level = connection.execute("SHOW client_min_messages").fetchone()
        (seen,) = (item.effects for item in observer.take() if item.effects.rows_modified)
    assert dict(seen.rows_modified) == {"public.t": 4}
    assert dict(seen.rows_at_once) == {"public.t": 3}
    assert notices == ["one"]
    assert level == ("notice",)
