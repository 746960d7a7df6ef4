from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.engines.postgresql.server import open_session, source_of
from dbspecialist.engines.snapshot_file import read_snapshot, write_snapshot
from dbspecialist.facts.catalogue import differences
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.twins.cluster import Cluster

Connection = psycopg.Connection[tuple[Any, ...]]

SHOP = """
    CREATE TABLE customer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                           email text NOT NULL, city text, born date);
    CREATE TABLE purchase (id int PRIMARY KEY, customer_id bigint REFERENCES customer,
                           amount numeric(10,2), paid boolean);
    CREATE INDEX ON customer (lower(email));
    CREATE STATISTICS town (mcv, ndistinct, dependencies) ON city, born FROM customer;
    CREATE STATISTICS half (mcv) ON (length(email) / 2), city FROM customer;
    INSERT INTO customer (email, city, born)
      SELECT 'person' || n || '@example.org', 'Town ' || n % 7, date '1950-01-01' + n % 7
        FROM generate_series(1, 2000) AS n;
    INSERT INTO purchase SELECT n, 1 + n % 50, n * 1.25, n % 2 = 0
        FROM generate_series(1, 3000) AS n;
    CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
    INSERT INTO alembic_version VALUES ('5f0c');
    ANALYZE
"""


def load(database: Connection) -> None:
    for statement in SHOP.split(";\n"):
        database.execute(statement.encode())
    database.execute("SELECT pg_stat_force_next_flush()")


def taken(cluster: Cluster, database: Connection, user: str = "postgres", **more: Any) -> Snapshot:
    return capture(cluster.url(database.info.dbname, user), **more)


@pytest.fixture
def role(cluster: Cluster, database: Connection) -> Any:
    name = f"{database.info.dbname}_reader"
    database.execute(f"CREATE ROLE {name} LOGIN")
    yield name
    database.execute(f"DROP OWNED BY {name}")
    database.execute(f"DROP ROLE {name}")


def test_capture_holds_sizes_and_statistics(cluster: Cluster, database: Connection) -> None:
    load(database)
    snapshot = taken(cluster, database)
    customer = snapshot.relation["public.customer"]
    assert (customer.kind, customer.tuples, customer.writes) == ("table", 2000.0, 2000)
    pages = database.execute("SELECT pg_relation_size('customer') / 8192").fetchone()
    assert (customer.pages,) == pages
    city = snapshot.column["public.customer", "city"]
    assert (city.null_frac, city.n_distinct) == (0.0, 7.0)
    assert city.values["most_common_vals"].count("Town") == 7
    expression = snapshot.column["public.customer_lower_idx", "lower"]
    assert "histogram_bounds" in expression.values
    assert snapshot.sequences[0].last_value == 2000
    assert snapshot.sequences[0].owned_by == "public.customer.id"
    assert snapshot.database == database.info.dbname
    assert snapshot.revisions == {"public.alembic_version": ("5f0c",)}


def test_capture_holds_extended_statistics(cluster: Cluster, database: Connection) -> None:
    load(database)
    half, town = sorted(taken(cluster, database).extended, key=lambda item: item.name)
    assert town.n_distinct == '{"3, 4": 7}'
    assert town.dependencies == '{"3 => 4": 1.000000, "4 => 3": 1.000000}'
    assert len(town.most_common) == 7
    assert town.most_common[0]["values"].startswith('{"Town ')
    assert half.expressions[0]["expression"] == "(length(email) / 2)"
    assert float(half.expressions[0]["n_distinct"]) == 3.0


def test_captured_snapshot_comes_back_from_its_file(
    cluster: Cluster, database: Connection, tmp_path: Path
) -> None:
    load(database)
    snapshot = taken(cluster, database)
    write_snapshot(snapshot, tmp_path / "s")
    assert read_snapshot(tmp_path / "s") == snapshot


def test_session_cannot_write(cluster: Cluster, database: Connection) -> None:
    url = cluster.url(database.info.dbname)
    with (
        pytest.raises(InputError, match="cannot execute CREATE TABLE in a read-only transaction"),
        open_session(
            url, connect_timeout=5, statement_timeout_ms=1000, lock_timeout_ms=1000
        ) as session,
    ):
        session.connection.execute("CREATE TABLE t ()")
    assert database.execute("SELECT to_regclass('t')").fetchone() == (None,)


def test_settings_are_the_servers_and_not_the_sessions(
    cluster: Cluster, database: Connection, role: str
) -> None:
    name = database.info.dbname
    database.execute(f"ALTER DATABASE {name} SET work_mem = '7MB'")
    database.execute(f"ALTER ROLE {role} SET statement_timeout = '9s'")
    database.execute(f"ALTER ROLE {role} SET app.secret = 'hidden'")
    snapshot = taken(cluster, database, role, lock_timeout_ms=77)
    assert snapshot.settings["work_mem"] == "7168"
    assert snapshot.settings["lock_timeout"] == "0"
    assert snapshot.settings["statement_timeout"] == "0"
    assert snapshot.settings["default_transaction_read_only"] == "off"
    assert snapshot.settings["TimeZone"] == "UTC"
    assert snapshot.settings["search_path"] == '"$user", public'
    assert snapshot.role_settings[f"*@{name}"] == {"work_mem": "7MB"}
    assert snapshot.role_settings[f"{role}@*"] == {"statement_timeout": "9s"}
    assert "hidden" not in repr(snapshot)


def test_workload_is_heaviest_first_without_utility_statements(
    cluster: Cluster, database: Connection
) -> None:
    database.execute("CREATE EXTENSION pg_stat_statements")
    load(database)
    for _ in range(3):
        database.execute("SELECT count(*) FROM customer WHERE city = 'Town 1'")
    statements = {item.query: item for item in taken(cluster, database).workload}
    asked = statements["SELECT count(*) FROM customer WHERE city = $1"]
    assert (asked.calls, asked.rows) == (3, 3)
    assert not [query for query in statements if query.strip().startswith(("CREATE", "ANALYZE"))]
    assert not [query for query in statements if "pg_class" in query]
    times = [item.total_ms for item in statements.values()]
    assert times == sorted(times, reverse=True)


def test_role_without_rights_is_told_what_to_grant(
    cluster: Cluster, database: Connection, role: str
) -> None:
    database.execute("CREATE EXTENSION pg_stat_statements")
    load(database)
    snapshot = taken(cluster, database, role)
    told = [sentence for sentence in snapshot.unseen if not sentence.startswith("first pages")]
    hidden = [sentence for sentence in told if sentence.startswith("workload: ")]
    assert [sentence for sentence in told if sentence not in hidden] == [
        f"version table public.alembic_version: no SELECT on it; "
        f"GRANT SELECT ON public.alembic_version TO {role}",
        f"column statistics of public.alembic_version, public.customer, public.purchase: "
        f"no SELECT on them; GRANT pg_read_all_data TO {role}",
        f"contents of extended statistics public.half, public.town: only their tables' owners "
        f"see them; GRANT postgres TO {role}",
        f"last values of sequences public.customer_id_seq: no USAGE or SELECT on them; "
        f"GRANT pg_read_all_data TO {role}",
    ]
    assert hidden[0].endswith(f"are hidden; GRANT pg_read_all_stats TO {role}")
    assert snapshot.relation["public.customer"].tuples == 2000
    assert len(snapshot.catalogue.objects) > 15


def test_granting_what_was_told_shows_it(cluster: Cluster, database: Connection, role: str) -> None:
    database.execute("CREATE EXTENSION pg_stat_statements")
    load(database)
    database.execute(f"GRANT pg_read_all_data, pg_read_all_stats TO {role}")
    snapshot = taken(cluster, database, role)
    assert [sentence.split(":")[0] for sentence in snapshot.unseen] == [
        "first pages of indexes",
        "contents of extended statistics public.half, public.town",
    ]
    assert snapshot.column["public.customer", "city"].n_distinct == 7
    assert snapshot.sequences[0].last_value == 2000
    assert [item for item in snapshot.workload if "generate_series" in item.query]


def test_row_security_that_hides_statistics_is_told(
    cluster: Cluster, database: Connection, role: str
) -> None:
    load(database)
    database.execute("ALTER TABLE customer ENABLE ROW LEVEL SECURITY")
    database.execute(f"GRANT pg_read_all_data TO {role}")
    todo = f"ALTER ROLE {role} BYPASSRLS"
    assert (f"column statistics of public.customer: row security hides them; {todo}") in taken(
        cluster, database, role
    ).unseen


def test_version_tables_of_the_toolchains_are_read(cluster: Cluster, database: Connection) -> None:
    database.execute("""
        CREATE SCHEMA ops;
        CREATE TABLE ops.flyway_schema_history (installed_rank int, version text, description text,
          type text, script text, checksum int, installed_by text, installed_on timestamp,
          execution_time int, success boolean);
        INSERT INTO ops.flyway_schema_history (installed_rank, version, type, script, checksum,
          success) VALUES (1, '1', 'SQL', 'V1__a.sql', 11, true), (2, '2', 'SQL', 'V2__b.sql', 22,
          true), (3, '2', 'UNDO_SQL', 'U2__b.sql', 23, true), (4, '3', 'SQL', 'V3__c.sql', 33,
          false), (5, NULL, 'SQL', 'R__v.sql', 44, true);
        CREATE TABLE _prisma_migrations (id text, checksum text, finished_at timestamptz,
          migration_name text, logs text, rolled_back_at timestamptz, started_at timestamptz,
          applied_steps_count int);
        INSERT INTO _prisma_migrations (checksum, migration_name, started_at, finished_at,
          rolled_back_at) VALUES ('ab', '1_init', '2024-01-01', '2024-01-01', NULL),
          ('cd', '2_bad', '2024-01-02', '2024-01-02', '2024-01-03'),
          ('ef', '3_open', '2024-01-04', NULL, NULL);
        CREATE TABLE migrations (id serial, timestamp bigint, name varchar);
        INSERT INTO migrations (timestamp, name) VALUES (2, 'Second2'), (1, 'First1');
        CREATE TABLE "SequelizeMeta" (name varchar PRIMARY KEY);
        INSERT INTO "SequelizeMeta" VALUES ('2-b.js'), ('1-a.js');
        CREATE TABLE name_only_metal (id int, name text);
    """)
    snapshot = taken(cluster, database)
    assert snapshot.revisions == {
        "ops.flyway_schema_history": ("V1__a.sql", "R__v.sql"),
        'public."SequelizeMeta"': ("1-a.js", "2-b.js"),
        "public._prisma_migrations": ("1_init",),
        "public.migrations": ("First1", "Second2"),
    }
    assert snapshot.checksums == {
        "ops.flyway_schema_history": {"V1__a.sql": "11", "R__v.sql": "44"},
        "public._prisma_migrations": {"1_init": "ab"},
    }


def test_lock_held_by_another_session_ends_the_capture_in_time(
    cluster: Cluster, database: Connection
) -> None:
    database.execute("CREATE TABLE t (a int CHECK (a > 0))")
    start = time.monotonic()
    with (
        database.transaction(),
        pytest.raises(InputError, match="held a lock on a table for more than 200 ms"),
    ):
        database.execute("ALTER TABLE t ADD COLUMN b int")
        taken(cluster, database, lock_timeout_ms=200)
    assert time.monotonic() - start < 3


def test_redacted_snapshot_holds_no_value_of_a_row(
    cluster: Cluster, database: Connection, tmp_path: Path
) -> None:
    load(database)
    plain, snapshot = taken(cluster, database), taken(cluster, database, redact=True)
    assert snapshot.redacted
    assert not plain.redacted
    assert "person1" in repr(plain)
    assert "Town" in repr(plain)
    for part in (snapshot.columns, snapshot.extended):
        assert "person" not in repr(part)
        assert "Town" not in repr(part)
        assert "1950-01-0" not in repr(part)
    assert snapshot.column["public.purchase", "paid"] == plain.column["public.purchase", "paid"]
    town = next(item for item in snapshot.extended if item.name == "public.town")
    city = snapshot.column["public.customer", "city"].values["most_common_vals"]
    assert all(item["values"][1:].split(",")[0] in city for item in town.most_common)


def test_redaction_gives_both_sides_of_a_foreign_key_the_same_values(
    cluster: Cluster, database: Connection
) -> None:
    database.execute("""
        CREATE TABLE country (code text PRIMARY KEY);
        CREATE TABLE city (id int, code text REFERENCES country);
        INSERT INTO country SELECT 'code ' || n FROM generate_series(1, 9) n;
        INSERT INTO city SELECT n, 'code ' || 1 + n % 3 FROM generate_series(1, 300) n;
        ANALYZE
    """)
    columns = taken(cluster, database, redact=True).column
    one = set(columns["public.country", "code"].values["histogram_bounds"].strip("{}").split(","))
    other = set(columns["public.city", "code"].values["most_common_vals"].strip("{}").split(","))
    assert len(other) == 3
    assert other < one


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://u:s3cret@h:port/d", "the port in the database URL is not a number; write"),
        ("postgresql://u:s3%zzcret@h/d", "the database URL cannot be read; write it as "),
        ("mysql://u:s3cret@h/d", "the database URL cannot be read; write it as "),
        ("not a url s3cret", "the database URL cannot be read; write it as "),
        (
            "postgresql://u:s3cret@no-such-host.invalid/d",
            "postgresql://u@no-such-host.invalid/d: the host is unknown; check the host's name",
        ),
        (
            "postgresql+psycopg://u:s3cret@127.0.0.1:1/d",
            "postgresql://u@127.0.0.1:1/d: no server answers there; check host and port",
        ),
    ],
)
def test_unusable_url_is_bad_input_without_its_password(url: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        capture(url)
    assert str(caught.value).startswith(message)
    assert "s3cret" not in str(caught.value)


def test_missing_database_and_role_are_told(cluster: Cluster) -> None:
    with pytest.raises(InputError, match=r"the database does not exist; check its name in the URL"):
        capture(cluster.url("nowhere"))
    with pytest.raises(InputError, match=r"the user does not exist; check its name in the URL"):
        capture(cluster.url("postgres", "nobody_here"))


def test_wrong_password_is_told_and_not_repeated(
    cluster: Cluster, database: Connection, role: str
) -> None:
    rules = cluster.data / "pg_hba.conf"
    before = rules.read_text()
    database.execute(f"ALTER ROLE {role} PASSWORD 'right'")
    rules.write_text(f"local all {role} scram-sha-256\n{before}")
    try:
        database.execute("SELECT pg_reload_conf()")
        time.sleep(0.3)
        url = cluster.url(database.info.dbname, role)
        with pytest.raises(InputError, match="the server asks for a password; set PGPASSWORD"):
            capture(url)
        with pytest.raises(InputError, match="refuses user name and password") as caught:
            capture(url.replace(f"{role}@", f"{role}:wr0ng@"))
        assert "wr0ng" not in str(caught.value)
        assert capture(url.replace(f"{role}@", f"{role}:right@")).source.count("right") == 0
    finally:
        rules.write_text(before)
        database.execute("SELECT pg_reload_conf()")


def test_source_has_neither_password_nor_parameters() -> None:
    assert source_of("postgresql://u:p%40ss@h:5433/d?sslmode=require") == "postgresql://u@h:5433/d"
    assert source_of("host=/tmp user=u dbname=d password=p") == "postgresql://u@/d?host=/tmp"


def test_query_that_takes_too_long_ends_the_capture(cluster: Cluster) -> None:
    with (
        pytest.raises(InputError, match=r"a catalogue query was stopped \(50 ms are allowed\)"),
        open_session(
            cluster.url(), connect_timeout=5, statement_timeout_ms=50, lock_timeout_ms=50
        ) as session,
    ):
        session.rows("select pg_sleep(5)")


def test_missing_pg_stat_statements_is_told(cluster: Cluster, database: Connection) -> None:
    told = "workload: pg_stat_statements is not installed in this database; "
    unseen = taken(cluster, database).unseen
    assert [sentence for sentence in unseen if sentence.startswith("workload")] == [
        f"{told}CREATE EXTENSION pg_stat_statements"
    ]
    assert "workload" not in repr(taken(cluster, database, workload=False).unseen)


def test_private_schema_is_read_without_rights_on_it(
    cluster: Cluster, database: Connection, role: str
) -> None:
    database.execute((Path(__file__).parent / "rich_schema.sql").read_bytes())
    whole, seen = taken(cluster, database), taken(cluster, database, role)
    assert differences(whole.catalogue, seen.catalogue) == ()
    assert seen.relation.keys() == whole.relation.keys()


def test_passwords_of_user_mappings_are_not_read(cluster: Cluster, database: Connection) -> None:
    database.execute("CREATE EXTENSION postgres_fdw")
    database.execute("CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw")
    database.execute("CREATE USER MAPPING FOR postgres SERVER far OPTIONS (password 'hidden')")
    snapshot = taken(cluster, database)
    assert "user mappings of servers far: not read, they hold passwords" in snapshot.unseen
    assert "hidden" not in repr(snapshot)
