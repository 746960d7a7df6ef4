"""What migrations need of the rows that are there, asked of a real server with rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.facts.data_fit import DataFit
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.trial import Run
from dbspecialist.proofs.data_fit import ask, ask_database
from dbspecialist.proofs.data_fit.ground import production_of
from dbspecialist.proofs.rates import Rates
from dbspecialist.proofs.trials import try_migrations
from dbspecialist.toolchains.sql_files import SqlFiles
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.stage import open_stage

RATES = Rates(scan_bytes=1e9, rewrite_bytes=2.5e8, index_rows=2e6, check_rows=3e6, modify_rows=3e5)
SCHEMA = """
CREATE EXTENSION citext;
CREATE TYPE state AS ENUM ('new', 'lost');
CREATE DOMAIN price AS numeric;
CREATE TABLE users (id int PRIMARY KEY, email text, nick citext UNIQUE, born text);
CREATE TABLE orders (
    id serial PRIMARY KEY, user_id int, nick citext, state state, total numeric, paid price,
    code text, a int, b int
);
INSERT INTO users VALUES (1, 'ann@x', 'Ann', '1990-01-01'), (2, 'bob@x', 'Bob', '1991-02-03');
INSERT INTO orders VALUES (10, 1, 'ann', 'new', 5, 5, 'abc', 1, 1),
    (11, 2, 'bob', 'new', 6, 6, 'x', 1, 2);
"""

Seen = Callable[..., Run]
Database = psycopg.Connection[Any]


@pytest.fixture
def url(cluster: Cluster, database: Database) -> str:
    database.execute(SCHEMA.encode())
    return cluster.url(database.info.dbname)


@pytest.fixture
def tried(cluster: Cluster, url: str, tmp_path: Path) -> Seen:
    """Try migrations on a stage that stands for the database as it is now."""

    def run(*files: str, redact: bool = False) -> Run:
        for number, text in enumerate(files, 1):
            (tmp_path / f"{number:03}_step.sql").write_text(text)
        project = SqlFiles(tmp_path, tmp_path)
        snapshot = capture(url, redact=redact)
        with open_stage(snapshot, cluster=cluster) as stage:
            history = project.history()
            return try_migrations(stage, project, history, snapshot=snapshot, rates=RATES)

    return run


def only(run: Run) -> DataFit:
    """Return the one claim; that on the sequence of an altered table counts where it is alone."""
    rest = [item for item in run.data_fit if item.claim.kind != "sequence"]
    (found,) = rest or run.data_fit
    return found


#: A migration, a statement that makes a row refute what it needs, and the row as it is told.
KINDS = [
    (
        "ALTER TABLE users ALTER email SET NOT NULL",
        "INSERT INTO users VALUES (3)",
        "id = 3, email = NULL",
    ),
    (
        "CREATE UNIQUE INDEX ON users (email)",
        "INSERT INTO users VALUES (3, 'ann@x')",
        "email = ann@x, count = 2",
    ),
    (
        "CREATE UNIQUE INDEX ON users (lower(email) DESC) WHERE id > 1",
        "INSERT INTO users VALUES (3, 'BOB@x')",
        "lower = bob@x, count = 2",
    ),
    (
        "ALTER TABLE users ADD UNIQUE NULLS NOT DISTINCT (email, born)",
        "INSERT INTO users VALUES (3), (4)",
        "email = NULL, born = NULL, count = 2",
    ),
    (
        "ALTER TABLE orders ADD CHECK (total > 4)",
        "UPDATE orders SET total = -3 WHERE id = 11",
        "id = 11, total = -3",
    ),
    (
        "ALTER TABLE orders ADD CHECK (a <= b)",
        "UPDATE orders SET a = 9 WHERE id = 11",
        "id = 11, a = 9, b = 2",
    ),
    (
        "ALTER DOMAIN price ADD CONSTRAINT positive CHECK (VALUE > 0)",
        "UPDATE orders SET paid = 0 WHERE id = 10",
        "id = 10, paid = 0",
    ),
    (
        "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users",
        "UPDATE orders SET user_id = 77 WHERE id = 10",
        "user_id = 77",
    ),
    (
        "ALTER TABLE orders ADD FOREIGN KEY (nick) REFERENCES users (nick)",
        "UPDATE orders SET nick = 'eve' WHERE id = 10",
        "nick = eve",
    ),
    (
        "ALTER TABLE orders ALTER code TYPE varchar(3)",
        "UPDATE orders SET code = 'abcd' WHERE id = 10",
        "id = 10, code = abcd",
    ),
    (
        "ALTER TABLE orders ALTER total TYPE numeric(4,2)",
        "UPDATE orders SET total = 99.996 WHERE id = 10",
        "id = 10, total = 99.996",
    ),
    (
        "ALTER TABLE orders ALTER total TYPE smallint",
        "UPDATE orders SET total = 32767.5 WHERE id = 10",
        "id = 10, total = 32767.5",
    ),
    (
        "ALTER TABLE users ALTER born TYPE date USING born::date",
        "UPDATE users SET born = '1990-02-30' WHERE id = 1",
        "id = 1, born = 1990-02-30",
    ),
    (
        "BEGIN; ALTER TYPE state RENAME TO old; CREATE TYPE state AS ENUM ('new');"
        "ALTER TABLE orders ALTER state TYPE state USING state::text::state; DROP TYPE old; COMMIT",
        "UPDATE orders SET state = 'lost' WHERE id = 10",
        "id = 10, state = lost",
    ),
    (
        "ALTER TABLE orders ADD note text",
        "SELECT setval('orders_id_seq', 1800000000)",
        "last_value = 1800000000",
    ),
]


@pytest.mark.parametrize(("migration", "misfit", "row"), KINDS, ids=[item[0] for item in KINDS])
def test_claim_is_proven_and_then_refuted_by_the_database(
    url: str, tried: Seen, database: Database, *, migration: str, misfit: str, row: str
) -> None:
    run = tried(migration)
    assert only(run).proof.verdict == "unchecked"
    proven = only(ask_database(run, url))
    assert (proven.proof.verdict, proven.source) == ("proven", "database")
    assert proven.claim.query in proven.proof.basis
    assert "CREATE" not in migration or proven.claim.index is not None
    database.execute(misfit.encode())
    refuted = only(ask_database(run, url))
    assert (refuted.proof.verdict, refuted.counterexample) == ("refuted", row)


@pytest.mark.parametrize(("migration", "misfit", "row"), KINDS, ids=[item[0] for item in KINDS])
def test_engine_agrees_with_both_answers(
    database: Database, url: str, migration: str, misfit: str, row: str
) -> None:
    def runs() -> bool:
        try:
            with database.transaction(force_rollback=True):
                for statement in migration.split(";"):
                    if statement.strip() not in {"BEGIN", "COMMIT"}:
                        database.execute(statement.encode())
        except psycopg.Error:
            return False
        return True

    assert runs()
    database.execute(misfit.encode())
    assert runs() is ("last_value" in row)  # that column can be added all the same


def asked(url: str, run: Run, **options: Any) -> DataFit:
    claim = only(run).claim
    return ask(url, [claim], production_of(run), **options)[claim]


def test_query_that_times_out_is_told_with_its_query(
    url: str, tried: Seen, database: Database
) -> None:
    run = tried("ALTER TABLE orders ADD CHECK (a <= b)")
    database.execute(
        "INSERT INTO orders (id, a, b) SELECT g, 1, 1 FROM generate_series(99, 300000) g"
    )
    found = asked(url, run, statement_timeout_ms=1)
    assert (found.proof.verdict, found.source) == ("unchecked", "")
    assert found.proof.basis.startswith("the database was asked and stopped after ")
    assert found.proof.basis.endswith(
        "SELECT id::text, a::text, b::text FROM public.orders WHERE NOT ((a <= b)) LIMIT 1"
    )


def test_table_that_is_locked_leaves_the_claim_unchecked(
    url: str, tried: Seen, database: Database
) -> None:
    run = tried("ALTER TABLE orders ADD CHECK (a <= b)")
    with database.transaction():
        database.execute("LOCK TABLE orders")
        found = asked(url, run, lock_timeout_ms=20)
    assert found.proof.basis.startswith("the database was asked, and another session held a lock")


def test_role_without_rights_leaves_the_claim_unchecked(
    cluster: Cluster, url: str, tried: Seen, database: Database
) -> None:
    run = tried("ALTER TABLE users ALTER email SET NOT NULL")
    database.execute("CREATE ROLE without_rights LOGIN")
    try:
        found = asked(cluster.url(database.info.dbname, "without_rights"), run)
    finally:
        database.execute("DROP ROLE without_rights")
    assert found.proof.verdict == "unchecked"
    assert "permission denied for table users (42501)" in found.proof.basis


def test_rows_that_row_security_hides_prove_nothing(
    cluster: Cluster, url: str, tried: Seen, database: Database
) -> None:
    run = tried("ALTER TABLE users ALTER email SET NOT NULL")
    database.execute("CREATE ROLE filtered LOGIN; GRANT SELECT ON users TO filtered")
    database.execute("ALTER TABLE users ENABLE ROW LEVEL SECURITY")
    try:
        found = asked(cluster.url(database.info.dbname, "filtered"), run)
    finally:
        database.execute("DROP OWNED BY filtered; DROP ROLE filtered")
    assert found.proof.verdict == "unchecked"
    assert "row-level security" in found.proof.basis


def test_other_columns_than_the_snapshot_leave_the_claim_unchecked(
    url: str, tried: Seen, database: Database
) -> None:
    run = tried("ALTER TABLE users ALTER email SET NOT NULL")
    database.execute("ALTER TABLE users ADD note text")
    assert "public.users has other columns" in asked(url, run).proof.basis


def test_row_of_a_redacted_snapshot_is_not_shown(url: str, tried: Seen, database: Database) -> None:
    database.execute("UPDATE orders SET total = -3 WHERE id = 11; ANALYZE orders")
    run = tried("ALTER TABLE orders ADD CHECK (total > 4)", redact=True)
    assert "stand-ins" in only(run).proof.basis
    found = only(ask_database(run, url))
    assert (found.proof.verdict, found.counterexample) == ("refuted", "")
    assert "-3" not in found.proof.basis


def test_claim_that_statistics_refute_stays_so_where_the_database_is_not_asked(
    url: str, tried: Seen, database: Database
) -> None:
    database.execute("INSERT INTO users VALUES (3)")
    database.execute("ANALYZE users")
    run = tried("ALTER TABLE users ALTER email SET NOT NULL")
    database.execute("ALTER TABLE users ADD note text")
    found = only(ask_database(run, url))
    assert (found.proof.verdict, found.source) == ("refuted", "statistics")
    assert found.proof.basis == (
        "null_frac is 0.333333 in pg_stats, as of the snapshot; the query that decides it: "
        "SELECT id::text, email::text FROM public.users WHERE email IS NULL LIMIT 1; the database "
        "was not asked: public.users has other columns in the database than in the snapshot"
    )


def test_long_value_is_shortened(url: str, tried: Seen, database: Database) -> None:
    database.execute("UPDATE orders SET code = repeat('x', 500) WHERE id = 11")
    found = only(ask_database(tried("ALTER TABLE orders ALTER code TYPE varchar(9)"), url))
    assert found.counterexample == f"id = 11, code = {'x' * 39}…"


def test_session_is_read_only_and_holds_nothing(url: str, tried: Seen, database: Database) -> None:
    """A function that is declared immutable and writes is refused by the transaction."""
    database.execute("CREATE SEQUENCE written")
    database.execute(
        "CREATE FUNCTION writes(int) RETURNS boolean IMMUTABLE"
        " RETURN nextval('public.written'::regclass) > $1"
    )
    found = only(ask_database(tried("ALTER TABLE orders ADD CHECK (writes(a))"), url))
    assert found.proof.verdict == "unchecked"
    assert "read-only transaction (25006)" in found.proof.basis
    assert database.execute("SELECT is_called FROM written").fetchone() == (False,)


def test_volatile_function_is_not_called(url: str, tried: Seen) -> None:
    run = tried("ALTER TABLE orders ADD CHECK (random() < 2)")
    assert only(run).claim.query == ""
    found = only(ask_database(run, url))
    assert "it calls " in found.proof.basis
    assert "random" in found.proof.basis


def test_function_of_the_migration_is_not_called(url: str, tried: Seen) -> None:
    run = tried(
        "CREATE FUNCTION ok(int) RETURNS boolean IMMUTABLE RETURN true;"
        "ALTER TABLE orders ADD CHECK (ok(a))"
    )
    assert "public.ok(integer) is made or changed by this run" in only(run).proof.basis
    assert only(ask_database(run, url)).proof.verdict == "unchecked"


def test_rows_that_the_run_changes_first_are_not_asked(url: str, tried: Seen) -> None:
    run = tried(
        "UPDATE users SET email = '' WHERE email IS NULL",
        "ALTER TABLE users ALTER email SET NOT NULL",
    )
    found = only(ask_database(run, url))
    assert found.proof.verdict == "unchecked"
    assert "this run changes public.users.email before it" in found.proof.basis


def test_renamed_table_is_asked_by_its_name_in_production(url: str, tried: Seen) -> None:
    run = tried("ALTER TABLE users RENAME TO people", "ALTER TABLE people ALTER email SET NOT NULL")
    found = only(ask_database(run, url))
    assert found.proof.verdict == "proven"
    assert found.claim.relation == "public.people"
    assert " FROM public.users " in found.claim.query


@pytest.mark.parametrize(
    "migration",
    [
        "ALTER TABLE orders ADD CHECK (total > 4) NOT VALID",
        "ALTER TABLE orders ALTER a TYPE bigint",
        "ALTER TABLE orders ALTER total TYPE smallint USING a",
        "CREATE INDEX ON users (email)",
        "CREATE TABLE fresh (a int NOT NULL UNIQUE CHECK (a > 0) REFERENCES users)",
        "ALTER TABLE users ADD note text NOT NULL DEFAULT ''",
    ],
)
def test_migration_that_needs_nothing_of_the_rows_makes_no_claim(
    tried: Seen, migration: str
) -> None:
    assert [item.claim for item in tried(migration).data_fit if item.claim.kind != "sequence"] == []


STATISTICS = [
    (
        "ALTER TABLE users ALTER email SET NOT NULL",
        "INSERT INTO users SELECT g FROM generate_series(10, 40) g",
        "NULL in about 31 rows",
    ),
    (
        "CREATE UNIQUE INDEX ON users (email)",
        "INSERT INTO users SELECT g, 'ann@x' FROM generate_series(10, 40) g",
        "",
    ),
    (
        "ALTER TABLE orders ADD CHECK (total > 4)",
        "UPDATE orders SET total = -3 WHERE id = 11",
        "'-3'",
    ),
    (
        "ALTER DOMAIN price ADD CONSTRAINT positive CHECK (VALUE > 0)",
        "UPDATE orders SET paid = 0 WHERE id = 10",
        "'0'",
    ),
    (
        "ALTER TABLE orders ALTER code TYPE varchar(3)",
        "UPDATE orders SET code = 'abcd' WHERE id = 10",
        "'abcd'",
    ),
    (
        "ALTER TABLE users DROP nick",
        "SELECT",
        "a value in about 2 rows",
    ),
]


@pytest.mark.parametrize(
    ("migration", "misfit", "row"), STATISTICS, ids=[item[0] for item in STATISTICS]
)
def test_claim_is_refuted_by_statistics_and_then_proven(
    url: str, tried: Seen, database: Database, *, migration: str, misfit: str, row: str
) -> None:
    database.execute(f"{misfit}; ANALYZE".encode())
    run = tried(migration)
    found = only(run)
    assert (found.proof.verdict, found.source) == ("refuted", "statistics")
    assert found.counterexample == row
    assert "as of the snapshot; the query that decides it: SELECT" in found.proof.basis
    database.execute("DELETE FROM orders; DELETE FROM users")
    assert only(ask_database(run, url)).proof.verdict == "proven"


@pytest.mark.parametrize(
    "broken",
    ["postgresql://bob:s3cret@localhost:1/nowhere", "postgresql://bob:s3cret@localhost:port/x"],
)
def test_server_that_refuses_is_told_without_the_password(tried: Seen, broken: str) -> None:
    run = tried("ALTER TABLE users ALTER email SET NOT NULL")
    with pytest.raises(InputError) as refused:
        ask_database(run, broken)
    assert "s3cret" not in str(refused.value)


def test_quoted_names_are_asked(url: str, tried: Seen, database: Database) -> None:
    database.execute(
        'CREATE SCHEMA "My App"; CREATE TABLE "My App"."User" ("Id" int PRIMARY KEY, "order" text);'
        'CREATE TABLE "My App".t ("user.id" int, "order" text);'
        """INSERT INTO "My App"."User" VALUES (1, 'a%s'); INSERT INTO "My App".t VALUES (1, 'b')"""
    )
    run = tried(
        'ALTER TABLE "My App"."User" ALTER "order" SET NOT NULL, ADD UNIQUE ("order"),'
        """ADD CHECK ("order" LIKE 'a%'), ALTER "order" TYPE varchar(3);"""
        'ALTER TABLE "My App".t ADD FOREIGN KEY ("user.id") REFERENCES "My App"."User"'
    )
    asked_of = {item.claim.kind: item for item in ask_database(run, url).data_fit}
    assert {kind: item.proof.verdict for kind, item in asked_of.items()} == {
        "not null": "proven",
        "unique": "proven",
        "check": "proven",
        "type": "proven",
        "references": "proven",
    }
    assert asked_of["not null"].claim.query == (
        'SELECT "Id"::text, "order"::text FROM "My App"."User" WHERE "order" IS NULL LIMIT 1'
    )
    database.execute("""UPDATE "My App"."User" SET "order" = 'bc%d'""")
    database.execute('UPDATE "My App".t SET "user.id" = 7; ANALYZE')
    again = {item.claim.kind: item.counterexample for item in ask_database(run, url).data_fit}
    assert again["check"] == again["type"] == "Id = 1, order = bc%d"
    assert again["references"] == "user.id = 7"


def test_partitioned_table_is_asked_as_a_whole(url: str, tried: Seen, database: Database) -> None:
    database.execute(
        "CREATE TABLE logs (id int, day date, n int) PARTITION BY RANGE (day);"
        "CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');"
        "CREATE TABLE logs_2 PARTITION OF logs FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');"
        "INSERT INTO logs VALUES (1, '2020-01-01', 1), (2, '2021-01-01', 2)"
    )
    run = tried(
        "ALTER TABLE logs ALTER n SET NOT NULL, ADD CHECK (n > 0);"
        "CREATE UNIQUE INDEX ON logs (day, n)"
    )
    found = [(item.claim.kind, item.claim.relation) for item in run.data_fit]
    assert found == [
        ("not null", "public.logs"),
        ("check", "public.logs"),
        ("unique", "public.logs"),
    ]
    assert {item.proof.verdict for item in ask_database(run, url).data_fit} == {"proven"}
