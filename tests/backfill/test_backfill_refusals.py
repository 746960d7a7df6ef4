"""What a backfill refuses, each with one line and nothing written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from backfill_target import ROLE, prepare, role_url, value

from dbspecialist.engines.postgresql.backfill.state import definition
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.proofs.backfill import try_backfill
from dbspecialist.tasks.backfill import backfill
from dbspecialist.tasks.sources import snapshot_of_sql
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.stage import Stage, open_stage

Database = psycopg.Connection[Any]
VERIFY = "UPDATE users SET verified = false WHERE verified IS NULL"
SCHEMA = """
CREATE TABLE users (id bigint PRIMARY KEY, name text, n int, tags int[],
                    twice int GENERATED ALWAYS AS (n * 2) STORED);
CREATE TABLE other (id bigint PRIMARY KEY, name text);
CREATE TABLE bare (name text);
CREATE TABLE span (at int4range, PRIMARY KEY (at));
CREATE TABLE parent (id int PRIMARY KEY, n int);
CREATE TABLE child () INHERITS (parent);
CREATE VIEW shown AS SELECT id, name FROM users;
CREATE FUNCTION roll() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1';
"""

STATEMENTS = [
    ("", "the statement is empty; write it as UPDATE … SET … WHERE …"),
    (" ; ", "the statement is empty; write it as UPDATE … SET … WHERE …"),
    ("DELETE FROM users", "the statement is no UPDATE; write it as UPDATE … SET … WHERE …"),
    ("UPDATE users SET n = 1; UPDATE users SET n = 2", "there is more than one statement"),
    ("UPDATE users SET n = 1; END; DROP TABLE users; --", "there is more than one statement"),
    ("UPDATE users SET n = 'x", "a quote ('…') begins here and has no end"),
    ("UPDATE nobody SET n = 1", 'the engine refuses the statement: relation "nobody" does not ex'),
    ("UPDATE users SET m = 1", 'the engine refuses the statement: column "m" of relation "users"'),
    ("UPDATE users SET n = $1", "the engine refuses the statement: there is no parameter $1"),
    ("UPDATE users SET n = 1 RETURNING id", "the statement has a RETURNING clause; leave it out"),
    ("UPDATE users SET n = DEFAULT", "the statement sets DEFAULT; write the default's expression"),
    (
        "UPDATE users SET name = other.name FROM other WHERE other.id = users.id",
        "the statement reads another table with FROM, so its rows hang on other rows",
    ),
    (
        "UPDATE users SET name = (SELECT name FROM other WHERE other.id = users.id)",
        "the statement has a subquery, so its rows hang on other rows",
    ),
    ("UPDATE users SET n = 1 WHERE EXISTS (SELECT FROM other)", "the statement has a subquery"),
    ("WITH x AS (SELECT 1) UPDATE users SET n = 1", "the statement has a WITH clause"),
    ("UPDATE users SET n = 1 WHERE CURRENT OF c", "the statement has WHERE CURRENT OF, which"),
    (
        "UPDATE users SET id = id + 1",
        "the statement sets id, a column of the primary key by which its rows are taken",
    ),
    ("UPDATE bare SET name = ''", "public.bare: the table has no primary key, so its rows cannot"),
    ("UPDATE shown SET name = ''", "public.shown: is a view; name the table that holds the rows"),
    ("UPDATE parent SET n = 1", "public.parent: other tables inherit from it, and its primary key"),
    ("UPDATE users SET n = roll()", "public.users: roll() gives another value at each call, so no"),
    ("UPDATE users SET n = 1 WHERE random() > 0.5", "the condition reads random(), so which rows"),
    ("UPDATE users SET n = 1 WHERE now() > '2026-01-01'", "the condition reads now(), so which"),
    ("UPDATE users SET n = 1 WHERE CURRENT_DATE > '2026-01-01'", "the condition reads the current"),
    ("UPDATE users SET twice = 1", 'the engine refuses the statement: column "twice" can only be'),
    ("UPDATE users SET n = 1 / 0", "the engine refuses it on every sample row: division by zero"),
]


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("schema") / "schema.sql"
    path.write_text(SCHEMA)
    return path


@pytest.fixture(scope="module")
def snapshot(schema: Path) -> Snapshot:
    return snapshot_of_sql(schema)


@pytest.fixture(scope="module")
def stage(snapshot: Snapshot) -> Iterator[Stage]:
    with open_stage(snapshot) as opened:
        yield opened


@pytest.mark.parametrize(("statement", "line"), STATEMENTS)
def test_statement_that_cannot_be_taken_in_batches(
    statement: str, line: str, stage: Stage, snapshot: Snapshot
) -> None:
    with pytest.raises(InputError, match=re.escape(line)) as refused:
        try_backfill(stage, snapshot, statement, {})
    assert "\n" not in str(refused.value)
    assert refused.value.todo


def test_calls_that_contradict_themselves(schema: Path, tmp_path: Path) -> None:
    receipt = tmp_path / "receipt.json"
    calls: list[tuple[dict[str, Any], str]] = [
        ({}, "nothing is written to a database without a receipt; make one with --plan FILE"),
        ({"plan": receipt, "dry_run": True}, "--plan makes a receipt, --dry-run is another thing"),
        ({"plan": receipt, "as_": "sql"}, "--plan makes a receipt, --as is another thing"),
        ({"dry_run": True, "as_": "sql"}, "--dry-run and --as are two things; say one of them"),
        ({"dry_run": True, "table": "users"}, "the statement is given, and --table too"),
        ({"dry_run": True}, "nothing is named that the statement could be tried on; give --data"),
        ({"plan": receipt, "snapshot": schema}, "a receipt holds the table's schema as the data"),
        ({"dry_run": True, "state_table": "a;b"}, "a;b: is no name of a table with its schema"),
        ({"plan": tmp_path}, f"{tmp_path}: is a folder"),
        ({"receipt": receipt}, f"{receipt}: No such file or directory"),
    ]
    for given, line in calls:
        with pytest.raises(InputError, match=re.escape(line)):
            backfill(VERIFY, **given)
    with pytest.raises(InputError, match=r"--where: --table is missing; give --table and --set"):
        backfill(where="true", snapshot=schema, dry_run=True)
    with pytest.raises(InputError, match="there is no statement; give an UPDATE, or --table and"):
        backfill("  ", snapshot=schema, dry_run=True)
    assert not receipt.exists()


@pytest.fixture
def url(cluster: Cluster, database: Database) -> str:
    prepare(database)
    return role_url(cluster, database)


@pytest.fixture
def receipt(url: str, tmp_path: Path) -> Path:
    backfill(VERIFY, database=url, plan=tmp_path / "receipt.json")
    return tmp_path / "receipt.json"


def assert_refused(line: str, rows: Database, /, **given: Any) -> None:
    with pytest.raises(InputError, match=re.escape(line)) as refused:
        backfill(**given)
    assert "\n" not in str(refused.value)
    assert value(rows, "SELECT count(*) FROM users WHERE verified IS NULL") == 334


def test_run_without_role_database_or_with_another_statement(
    url: str, receipt: Path, database: Database
) -> None:
    run: dict[str, Any] = {"database": url, "receipt": receipt, "role": ROLE}
    assert_refused("no role is named", database, **{**run, "role": None})
    assert_refused("no database is named", database, **{**run, "database": None})
    other = "UPDATE users SET n = n + 1"
    assert_refused("the receipt is for another statement", database, statement=other, **run)
    assert_refused(
        "the receipt was made for the state table public.dbs_backfills",
        database,
        state_table="public.x",
        **run,
    )


def test_session_of_another_role_or_a_superuser(
    cluster: Cluster, url: str, receipt: Path, database: Database
) -> None:
    run: dict[str, Any] = {"database": url, "receipt": receipt}
    assert_refused("the session's role is backfiller, not app", database, role="app", **run)
    run["database"] = cluster.url(database.info.dbname)
    line = "postgres is a superuser, who is held by no privilege and no policy"
    assert_refused(line, database, role="postgres", **run)
    backfill(role="postgres", superuser=True, **run)
    assert value(database, "SELECT count(*) FROM users WHERE verified IS NULL") == 0


MOVED = [
    ("ADD extra int", "DROP extra", "now 'column extra: integer'"),
    (
        "ALTER verified SET DEFAULT true",
        "ALTER verified DROP DEFAULT",
        "now 'column verified: boolean default true'",
    ),
    (
        "ADD CHECK (n >= 0)",
        "DROP CONSTRAINT users_n_check",
        "now 'constraint users_n_check: CHECK ((n >= 0))'",
    ),
    (
        "ENABLE ROW LEVEL SECURITY",
        "DISABLE ROW LEVEL SECURITY",
        "now 'table: r, row security'",
    ),
    ("ALTER note TYPE varchar(99)", "ALTER note TYPE text", "now 'column note: character varying"),
    ("RENAME note TO remark", "RENAME remark TO note", "now 'column remark: text collation"),
    ("DROP note", "ADD note text", "gone is 'column note: text collation"),
]


def test_schema_that_has_moved_on(url: str, receipt: Path, database: Database) -> None:
    run: dict[str, Any] = {"database": url, "receipt": receipt, "role": ROLE}
    for change, back, line in MOVED:
        database.execute(f"ALTER TABLE users {change}".encode())
        told = f"public.users: the schema has moved on since the plan was made ({line}"
        assert_refused(told, database, **run)
        database.execute(f"ALTER TABLE users {back}".encode())
    database.execute(
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        "CREATE TRIGGER t BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION f()"
    )
    assert_refused(
        "now 'trigger t: O, CREATE TRIGGER t BEFORE UPDATE ON public.us", database, **run
    )


UNMOVED = (
    "CREATE INDEX ON users (n)",
    "GRANT SELECT ON users TO PUBLIC",
    "ANALYZE users",
    "ALTER TABLE users ALTER n SET STATISTICS 50",
    "COMMENT ON TABLE users IS 'people'",
)


def test_change_that_leaves_the_shape_alone(url: str, receipt: Path, database: Database) -> None:
    for change in UNMOVED:
        database.execute(change.encode())
    backfill(database=url, receipt=receipt, role=ROLE)
    assert value(database, "SELECT count(*) FROM users WHERE verified IS NULL") == 0


def test_table_that_is_gone(url: str, receipt: Path, database: Database) -> None:
    database.execute("ALTER TABLE users RENAME TO people")
    with pytest.raises(InputError, match=r"public.users: the table is not there; make a plan for"):
        backfill(database=url, receipt=receipt, role=ROLE)


def test_receipt_that_was_changed(url: str, receipt: Path, database: Database) -> None:
    whole = json.loads(receipt.read_text())
    run: dict[str, Any] = {"database": url, "receipt": receipt, "role": ROLE}

    def changed(**fields: Any) -> None:
        receipt.write_text(json.dumps({**whole, **fields}))

    changed(plan={**whole["plan"], "condition": "true"})
    assert_refused("was changed after it was made; make a new one with --plan", database, **run)
    changed(proofs=[{**whole["proofs"][0], "verdict": "refuted"}])
    assert_refused("was changed after it was made", database, **run)
    changed(proofs=[{**whole["proofs"][0], "verdict": "sworn"}])
    assert_refused("is damaged (ValueError('an unknown verdict'))", database, **run)
    changed(plan={"relation": "users"})
    assert_refused("is damaged (KeyError('key'))", database, **run)
    changed(version=2)
    assert_refused("has format version 2, this dbspecialist reads 1", database, **run)
    receipt.write_text("[]")
    assert_refused("is no receipt of a backfill; make one with --plan", database, **run)
    receipt.write_bytes(b"\xff{")
    assert_refused("is no receipt of a backfill; make one with --plan", database, **run)


def test_role_that_may_not_make_the_state_table(
    url: str, receipt: Path, database: Database
) -> None:
    database.execute(f"REVOKE CREATE ON SCHEMA public FROM {ROLE}, PUBLIC")
    line = "public.dbs_backfills: the state table cannot be made (permission denied for schema pub"
    assert_refused(line, database, database=url, receipt=receipt, role=ROLE)


def test_state_table_that_a_stranger_made(url: str, receipt: Path, database: Database) -> None:
    """It could hold a trigger, which would run as the role of the job."""
    database.execute(
        "DO $$ BEGIN CREATE ROLE stranger; EXCEPTION WHEN duplicate_object THEN END $$;"
        f"{definition('public.dbs_backfills')};"
        "ALTER TABLE dbs_backfills OWNER TO stranger;"
        f"GRANT ALL ON dbs_backfills TO {ROLE}".encode()
    )
    line = "public.dbs_backfills: is no table of this role or of the target's owner, but of strang"
    assert_refused(line, database, database=url, receipt=receipt, role=ROLE)


def test_functions_that_a_stranger_put_into_the_search_path(
    url: str, receipt: Path, database: Database
) -> None:
    """An operator that fits better than the engine's own would run as the role of the job."""
    database.execute(
        "CREATE FUNCTION public.caught(text, xid) RETURNS text LANGUAGE plpgsql AS"
        " 'BEGIN RAISE EXCEPTION ''caught''; END';"
        "CREATE OPERATOR public.|| (LEFTARG = text, RIGHTARG = xid, FUNCTION = public.caught);"
        "CREATE FUNCTION public.hashtextextended(text, int) RETURNS bigint LANGUAGE plpgsql AS"
        " 'BEGIN RAISE EXCEPTION ''caught''; END'"
    )
    backfill(database=url, receipt=receipt, role=ROLE)
    assert value(database, "SELECT count(*) FROM users WHERE verified IS NULL") == 0


def test_trigger_has_the_search_path_of_the_role(
    url: str, database: Database, tmp_path: Path
) -> None:
    database.execute(
        "CREATE FUNCTION doubled(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2';"
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN NEW.n := doubled(21); RETURN NEW; END';"
        "CREATE TRIGGER t BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION f()"
    )
    receipt = tmp_path / "receipt.json"
    backfill(VERIFY, database=url, plan=receipt)
    backfill(database=url, receipt=receipt, role=ROLE)
    assert value(database, "SELECT count(*) FROM users WHERE n = 42") == 334


def test_role_that_may_not_update(url: str, receipt: Path, database: Database) -> None:
    database.execute(f"REVOKE UPDATE ON users FROM {ROLE}")
    line = "public.users: the server refuses the job: permission denied for table users (42501)"
    assert_refused(line, database, database=url, receipt=receipt, role=ROLE)


def test_rows_that_a_policy_hides(url: str, database: Database, tmp_path: Path) -> None:
    database.execute("ALTER TABLE users ENABLE ROW LEVEL SECURITY")
    receipt = tmp_path / "receipt.json"
    backfill(VERIFY, database=url, plan=receipt)
    line = "query would be affected by row-level security policy for table"
    assert_refused(line, database, database=url, receipt=receipt, role=ROLE)


def test_table_without_primary_key_in_the_database(url: str, database: Database) -> None:
    database.execute("ALTER TABLE users DROP CONSTRAINT users_pkey")
    line = "public.users: the table has no primary key, so its rows cannot be taken in batches"
    assert_refused(line, database, statement=VERIFY, database=url, dry_run=True)


def test_row_that_the_server_refuses_is_named(url: str, database: Database, tmp_path: Path) -> None:
    receipt = tmp_path / "receipt.json"
    backfill("UPDATE users SET n = 10 / (id - 321)", database=url, plan=receipt)
    with pytest.raises(
        InputError,
        match=r"refuses the job at the row with id = 321: division by zero \(22012\)",
    ):
        backfill(database=url, receipt=receipt, role=ROLE)
    assert value(database, "SELECT count(*) FROM users WHERE n <> 0 OR id > 331") >= 10
    database.execute("DELETE FROM users WHERE id = 321")
    ended = backfill(database=url, receipt=receipt, role=ROLE)
    assert ended.state is not None
    assert (ended.state.rows, ended.state.is_done) == (499, True)
