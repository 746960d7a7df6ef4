from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.toolchains.base import Mark
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.observed.observer import Observer
from dbspecialist.twins.stage import Stage, open_stage
from dbspecialist.twins.stage_roles import OWNER

SCHEMA = """
CREATE TABLE users (id bigint PRIMARY KEY, email varchar(50), made timestamp);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
CREATE VIEW mails AS SELECT email FROM users;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM orders;
CREATE TABLE logs (id bigint, made date NOT NULL) PARTITION BY RANGE (made);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
"""
SIZES = """
INSERT INTO dbs_twin.sizes SELECT oid, 2e6, relnatts, relnatts FROM pg_class
WHERE relname IN ('users', 'orders');
UPDATE pg_class SET reltuples = 2e6, relpages = 1 WHERE relname IN ('users', 'orders')
"""

Client = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def stage(cluster: Cluster) -> Iterator[Stage]:
    with open_stage(None, cluster=cluster) as stage:
        with cluster.connect(stage.template, OWNER) as owner:
            owner.execute(SCHEMA)
        with stage.cluster.connect(stage.template) as admin:
            admin.execute(SIZES)
            paths = "SELECT pg_relation_filepath(relation) FROM dbs_twin.sizes"
            for (path,) in admin.execute(paths).fetchall():
                with (cluster.data / path).open("r+b") as file:
                    file.truncate(8192)
        yield stage


@pytest.fixture
def observer(stage: Stage) -> Iterator[Observer]:
    stage.statement_seconds = 1.0
    with stage.database() as database, stage.observer(database) as observer:
        observer.mark(Mark("r1", 1))
        yield observer


@pytest.fixture
def client(observer: Observer) -> Iterator[Client]:
    with psycopg.connect(observer.url, autocommit=True) as connection:
        yield connection


def run(client: Client, observer: Observer, sql: str) -> StatementEffects:
    """Send one statement and return what was seen of it."""
    client.execute(sql.encode())
    (only,) = observer.take()
    return only.effects


def locks(effects: StatementEffects) -> dict[str, str]:
    return {lock.relation: lock.mode for lock in effects.locks}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CREATE INDEX ON orders (user_id)", {"public.orders": "ShareLock"}),
        (
            "CREATE INDEX CONCURRENTLY ON orders (user_id)",
            {"public.orders": "ShareUpdateExclusiveLock"},
        ),
        (
            "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users",
            {"public.orders": "ShareRowExclusiveLock", "public.users": "ShareRowExclusiveLock"},
        ),
        ("ALTER TABLE users ADD COLUMN age int", {"public.users": "AccessExclusiveLock"}),
        ("DROP VIEW mails", {"public.mails": "AccessExclusiveLock"}),
        (
            "CREATE TABLE logs_2 PARTITION OF logs DEFAULT",
            {"public.logs": "AccessExclusiveLock"},
        ),
        # Without TRUNCATE: whether it gets the lock to shorten the file is a matter of timing.
        ("VACUUM (TRUNCATE false) users", {"public.users": "ShareUpdateExclusiveLock"}),
        ("VACUUM FULL users", {"public.users": "AccessExclusiveLock"}),
        ("UPDATE users SET email = 'x'", {"public.users": "RowExclusiveLock"}),
    ],
)
def test_locks_on_existing_relations(
    client: Client, observer: Observer, sql: str, expected: dict[str, str]
) -> None:
    assert locks(run(client, observer, sql)) == expected


def test_detached_partition_keeps_its_parent_readable(client: Client, observer: Observer) -> None:
    sql = "ALTER TABLE logs DETACH PARTITION logs_1 CONCURRENTLY"
    taken = locks(run(client, observer, sql))
    assert taken["public.logs"] == "ShareUpdateExclusiveLock"
    # Its last lock is held for less than the time between two looks.
    assert taken["public.logs_1"] in {"ShareUpdateExclusiveLock", "AccessExclusiveLock"}


@pytest.mark.parametrize(
    ("sql", "rewritten"),
    [
        ("ALTER TABLE users ALTER email TYPE varchar(60)", []),
        ("ALTER TABLE users ALTER email TYPE text", []),
        ("ALTER TABLE users ALTER made TYPE timestamptz", []),
        ("ALTER TABLE users ADD COLUMN at timestamptz DEFAULT now()", []),
        ("ALTER TABLE users ALTER email TYPE varchar(20)", ["public.users"]),
        ("ALTER TABLE users ADD COLUMN key uuid DEFAULT gen_random_uuid()", ["public.users"]),
        ("ALTER TABLE users SET UNLOGGED", ["public.users"]),
        ("CLUSTER users USING users_pkey", ["public.users"]),
    ],
)
def test_rewrites_are_seen_and_free_changes_too(
    client: Client, observer: Observer, sql: str, rewritten: list[str]
) -> None:
    client.execute("DROP VIEW mails")
    observer.take()
    assert list(run(client, observer, sql).rewrites) == rewritten


def test_time_zone_decides_whether_timestamps_are_rewritten(
    client: Client, observer: Observer
) -> None:
    client.execute("SET TimeZone = 'Europe/Zurich'")
    observer.take()
    effects = run(client, observer, "ALTER TABLE users ALTER made TYPE timestamptz")
    assert list(effects.rewrites) == ["public.users"]


def test_rows_modified_are_production_s_estimate(client: Client, observer: Observer) -> None:
    assert run(client, observer, "UPDATE users SET email = 'x'").rows_modified == {
        "public.users": 2_000_000
    }


def test_a_do_block_hides_nothing(client: Client, observer: Observer) -> None:
    effects = run(
        client,
        observer,
        "DO $$ BEGIN UPDATE orders SET user_id = 1; EXECUTE 'CREATE INDEX ON orders (user_id)';"
        " END $$",
    )
    assert locks(effects) == {"public.orders": "ShareLock"}
    assert effects.rows_modified == {"public.orders": 2_000_000}
    assert effects.index_builds == {"public.orders_user_id_idx": "public.orders"}


def test_objects_that_cascade_takes_along_are_named(client: Client, observer: Observer) -> None:
    effects = run(client, observer, "DROP TABLE users CASCADE")
    assert effects.drops == ("table public.users", "view public.mails")
    assert effects.cascades == ("view public.mails",)


def test_parts_of_a_dropped_table_that_hold_its_long_values_go_unsaid(
    client: Client, observer: Observer
) -> None:
    run(client, observer, "CREATE TABLE letters (body text)")
    assert run(client, observer, "DROP TABLE letters").drops == ("table public.letters",)


def test_a_query_without_a_line_is_recorded_where_it_reads_a_users_table(
    client: Client, observer: Observer
) -> None:
    client.execute("CREATE TABLE alembic_version (version_num text)")
    observer.take()
    observer.mark(Mark("r1", None))
    client.execute("SELECT relname FROM pg_class")
    client.execute("SELECT * FROM alembic_version")
    client.execute("SELECT 1")
    client.execute("SELECT count(*) FROM orders")
    (only,) = observer.take()
    assert (only.effects.sql, only.effects.selects) == (
        "SELECT count(*) FROM orders",
        ("public.orders",),
    )


def test_statements_in_one_message_share_their_transaction(
    client: Client, observer: Observer
) -> None:
    client.execute("ALTER TABLE users ADD a int; ALTER TABLE orders ADD a int")
    first, second = (item.effects for item in observer.take())
    assert first.transaction == second.transaction
    assert (locks(first), locks(second)) == (
        {"public.users": "AccessExclusiveLock"},
        {"public.orders": "AccessExclusiveLock"},
    )


def test_first_error_of_a_message_rolls_its_statements_back(
    client: Client, observer: Observer
) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        client.execute("ALTER TABLE users ADD a int; ALTER TABLE nobody ADD a int; SELECT 1")
    assert [item.effects.error is None for item in observer.take()] == [True, False]
    columns = client.execute("SELECT * FROM users").description or []
    assert [column.name for column in columns] == ["id", "email", "made"]


def test_values_beside_the_text_are_counted(client: Client, observer: Observer) -> None:
    client.execute("UPDATE users SET email = %s WHERE id = %s", ("x", 5))
    (only,) = observer.take()
    assert only.effects.parameters == 2
    assert only.effects.rows_modified == {"public.users": 1}


def test_copy_passes_through(client: Client, observer: Observer) -> None:
    with client.cursor().copy("COPY orders (id, user_id) FROM STDIN") as copy:
        copy.write_row((1, 2))
        copy.write_row((2, 3))
    assert client.execute("SELECT count(*) FROM orders").fetchone() == (2,)


def test_procedure_that_commits_runs_outside_of_a_transaction(
    client: Client, observer: Observer
) -> None:
    client.execute(
        "CREATE PROCEDURE steps() LANGUAGE plpgsql AS $$ BEGIN"
        " ALTER TABLE users ADD a int; COMMIT; ALTER TABLE orders ADD a int; COMMIT; END $$"
    )
    observer.take()
    effects = run(client, observer, "CALL steps()")
    assert effects.error is None
    assert not effects.in_transaction


def test_statement_that_does_not_end_is_stopped(client: Client, observer: Observer) -> None:
    with pytest.raises(psycopg.errors.QueryCanceled, match="did not end in the time that it has"):
        client.execute("DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$")
    (only,) = observer.take()
    assert only.effects.error is not None and only.effects.error.stopped
    assert only.effects.unchecked == "stopped after 1 s on the twin"


def test_failed_concurrent_build_leaves_an_invalid_index(
    client: Client, observer: Observer
) -> None:
    client.execute("INSERT INTO orders VALUES (1, 7), (2, 7)")
    observer.take()
    with pytest.raises(psycopg.errors.UniqueViolation):
        client.execute("CREATE UNIQUE INDEX CONCURRENTLY twice ON orders (user_id)")
    (only,) = observer.take()
    assert only.effects.invalid_indexes == ("public.twice",)


def test_relations_made_in_the_run_have_no_locks_of_interest(
    client: Client, observer: Observer
) -> None:
    client.execute("CREATE TABLE fresh (id int)")
    observer.take()
    assert run(client, observer, "ALTER TABLE fresh ADD a int").locks == ()


def test_settings_are_those_in_force(client: Client, observer: Observer) -> None:
    client.execute("SET lock_timeout = '2s'")
    observer.take()
    effects = run(client, observer, "ALTER TABLE users ADD a int")
    assert effects.settings["lock_timeout"] == "2000"


def test_marks_say_whose_statement_it_is(client: Client, observer: Observer) -> None:
    observer.mark(Mark("r2", 7))
    client.execute("ALTER TABLE users ADD a int")
    (only,) = observer.take()
    assert (only.mark, only.effects.line) == (Mark("r2", 7), 7)
