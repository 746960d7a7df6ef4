from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.toolchains.base import Mark
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.stage import Stage, open_stage

Client = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def stage(cluster: Cluster) -> Iterator[Stage]:
    with open_stage(None, cluster=cluster) as stage:
        stage.production = "prod"
        yield stage
    with cluster.connect() as admin:
        made = "SELECT rolname FROM pg_roles WHERE rolname ~ '^(dbs_made_|translated_)'"
        for (name,) in admin.execute(made).fetchall():
            admin.execute(f"DROP ROLE {name}".encode())


def sent(
    stage: Stage, statements: Sequence[str], *, prepare: bool = False, effects: bool = True
) -> list[tuple[StatementEffects, ...]]:
    """Send statements to a database of its own, and return what was recorded of each."""
    found = []
    with stage.database() as database, stage.observer(database, effects=effects) as observer:
        observer.mark(Mark("r1", 1))
        with psycopg.connect(observer.url, autocommit=True) as client:
            for statement in statements:
                try:
                    client.execute(statement.encode(), prepare=prepare)
                except psycopg.Error as error:
                    assert error.sqlstate
                found.append(tuple(item.effects for item in observer.take()))
    return found


def refusals(found: list[tuple[StatementEffects, ...]]) -> list[str]:
    return [items[-1].error.sqlstate if items[-1].error else "" for items in found]


@pytest.mark.parametrize("prepare", [False, True])
@pytest.mark.parametrize("effects", [False, True])
def test_statements_about_productions_database_reach_the_one_at_hand(
    stage: Stage, prepare: bool, effects: bool
) -> None:
    statements = (
        "REVOKE CONNECT ON DATABASE prod FROM PUBLIC",
        "ALTER DATABASE \"prod\" SET statement_timeout = '30s'",
        "COMMENT ON DATABASE /* ours */ Prod IS 'DATABASE prod'",
        "ALTER ROLE dbs_owner IN DATABASE prod SET lock_timeout = '2s'",
        "DO $$ BEGIN EXECUTE 'REVOKE TEMP ON DATABASE prod FROM PUBLIC'; END $$",
        "GRANT CONNECT ON DATABASE other TO PUBLIC",
        'GRANT CONNECT ON DATABASE "Prod" TO PUBLIC',
    )
    found = sent(stage, statements, prepare=prepare, effects=effects)
    assert refusals(found) == ["", "", "", "", "", "3D000", "3D000"]
    assert tuple(items[-1].sql for items in found) == statements


def test_a_text_that_speaks_of_the_database_stays_as_it_is(stage: Stage) -> None:
    with (
        stage.database() as database,
        stage.observer(database) as observer,
        psycopg.connect(observer.url, autocommit=True) as client,
    ):
        row = client.execute("SELECT 'DATABASE prod', 1 AS database, 2 AS prod").fetchone()
    assert row == ("DATABASE prod", 1, 2)


def test_a_role_that_one_database_makes_is_new_in_another(stage: Stage) -> None:
    statements = (
        "CREATE ROLE translated_app LOGIN",
        "CREATE TABLE t (id int)",
        "GRANT SELECT ON t TO translated_app",
        "CREATE SCHEMA s AUTHORIZATION translated_app",
        "CREATE ROLE Translated_App",
        "DROP ROLE translated_app",
        "DROP SCHEMA s; DROP TABLE t",
        "DROP ROLE translated_app",
        "CREATE USER translated_app",
    )
    expected = ["", "", "", "", "42710", "2BP01", "", "", ""]
    assert refusals(sent(stage, statements)) == expected
    assert refusals(sent(stage, statements)) == expected


def test_a_role_goes_with_the_transaction_that_revokes_what_it_has(stage: Stage) -> None:
    made = ("CREATE TABLE t (id int)", "CREATE ROLE translated_a", "GRANT ALL ON t TO translated_a")
    gone = ("BEGIN", "REVOKE ALL ON t FROM translated_a", "DROP ROLE translated_a", "COMMIT")
    for _ in range(2):
        found = [items for items in sent(stage, (*made, *gone)) if items]
        assert set(refusals(found)) == {""}


def test_a_role_that_a_block_makes_is_new_in_another_database(stage: Stage) -> None:
    plain = "DO $$ BEGIN CREATE ROLE translated_b; END $$"
    looking = """DO $$ BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'translated_c') THEN
        CREATE ROLE translated_c;
      END IF; END $$"""
    statements = ("CREATE TABLE t ()", plain, "GRANT ALL ON t TO translated_b", looking)
    for _ in range(2):
        assert refusals(sent(stage, statements)) == ["", "", "", ""]
    assert refusals(sent(stage, (plain, plain))) == ["", "42710"]


def test_a_role_is_made_by_two_transactions_at_once(stage: Stage) -> None:
    with (
        stage.database() as one,
        stage.database() as other,
        stage.observer(one) as first,
        stage.observer(other, effects=False) as second,
        psycopg.connect(first.url) as client,
        psycopg.connect(second.url) as client_2,
    ):
        client.execute("CREATE ROLE translated_twice")
        client_2.execute("CREATE ROLE translated_twice")
        client.execute("SET ROLE translated_twice")
        client.rollback()
        client_2.commit()
        client.execute("CREATE ROLE translated_twice")
        client.commit()


def test_a_role_that_production_has_is_refused(stage: Stage) -> None:
    with stage.cluster.connect() as admin:
        admin.execute("CREATE ROLE translated_there")
    assert refusals(sent(stage, ["CREATE ROLE translated_there"])) == ["42710"]


def test_settings_of_a_role_stay_in_their_database(stage: Stage) -> None:
    found = sent(stage, ["ALTER ROLE dbs_owner SET lock_timeout = '5s'"])
    assert refusals(found) == [""]
    with stage.cluster.connect() as admin:
        row = admin.execute("""
            SELECT count(*) FROM pg_db_role_setting
            WHERE setdatabase = 0 AND 'lock_timeout=5s' = ANY (setconfig)""").fetchone()
    assert row == (0,)


def test_what_the_server_is_built_without_is_stood_in_for_and_told(stage: Stage) -> None:
    with stage.cluster.connect() as admin:
        row = admin.execute("SELECT enumvals FROM pg_settings WHERE name ~ '^default_toast'")
        if row.fetchall()[0][0] != ["pglz"]:
            pytest.skip("NOT TESTED: this server has lz4")
    found = sent(
        stage,
        (
            "CREATE TABLE t (a text COMPRESSION lz4)",
            "ALTER TABLE t ADD b text, ALTER a SET COMPRESSION lz4",
            "SET default_toast_compression = lz4",
            "CREATE COLLATION german (provider = icu, locale = 'de-DE', deterministic = false)",
            "ALTER TABLE t ALTER b TYPE text COLLATE german",
            "SELECT 'lz4' AS compression FROM t",
        ),
    )
    lz4 = "tried with pglz: the twin's server is built without lz4"
    icu = "tried with the C library's C.UTF-8: the twin's server is built without ICU"
    assert refusals(found) == [""] * 6
    assert [items[-1].unchecked for items in found] == [lz4, lz4, lz4, icu, "", ""]
    assert found[1][-1].tags == ("ALTER TABLE",)
