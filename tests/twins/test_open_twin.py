"""Twins of a real server: same plans, same costs, small, and gone afterwards."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.engines.snapshot_file import read_snapshot, write_snapshot
from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.statistics import RelationStatistics, SequenceState
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.twin import Twin, open_twin, run_with_twin

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
ROWS = 20_000
QUERIES = [query for query in (BENCHMARKS / "ledger_queries.sql").read_text().split(";\n") if query]
MIB = 2**20

ITEM = SchemaObject("table", "public.item", create="CREATE TABLE public.item (id int, name text)")
SMALL = Snapshot(
    engine="postgresql",
    server_version=180000,
    database="shop",
    source="a test",
    captured_at="2026-01-01T00:00:00+00:00",
    catalogue=Catalogue((ITEM,)),
    relations=(RelationStatistics("public.item", "table", 1000, 50_000.0),),
)


def plan_of(connection: psycopg.Connection[Any], query: str) -> dict[str, Any]:
    row = connection.execute(f"EXPLAIN (FORMAT JSON) {query}".encode()).fetchone()
    assert row is not None
    plan: dict[str, Any] = row[0][0]["Plan"]
    return plan


@pytest.fixture(scope="module")
def ledger(cluster: Cluster) -> Iterator[str]:
    """A database with the benchmark's ledger, filled."""
    with cluster.connect() as admin:
        admin.execute("CREATE DATABASE ledger")
    script = (BENCHMARKS / "ledger.sql").read_text().replace(":rows", str(ROWS))
    with cluster.connect("ledger") as connection:
        for statement in script.split(";\n"):
            connection.execute(statement.encode())
    yield cluster.url("ledger")
    with cluster.connect() as admin:
        admin.execute("DROP DATABASE ledger WITH (FORCE)")


@pytest.fixture(scope="module")
def snapshot(ledger: str, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    path = tmp_path_factory.mktemp("twin") / "ledger.snapshot"
    write_snapshot(capture(ledger), path)
    return read_snapshot(path)


@pytest.fixture(scope="module")
def twin(snapshot: Snapshot) -> Iterator[Twin]:
    with open_twin(snapshot) as opened:
        yield opened


@pytest.mark.parametrize("query", QUERIES)
def test_plan_and_cost_are_the_sources(ledger: str, twin: Twin, query: str) -> None:
    with psycopg.connect(ledger, autocommit=True) as source, twin.connect() as connection:
        assert plan_of(connection, query) == plan_of(source, query)


def test_ledger_has_rows_and_its_twin_none(ledger: str, twin: Twin) -> None:
    with psycopg.connect(ledger) as source, twin.connect() as connection:
        assert source.execute("SELECT count(*) FROM bank.account").fetchone() == (ROWS // 10,)
        assert connection.execute("SELECT count(*) FROM bank.account").fetchone() == (0,)


def test_ledger_is_held_whole(twin: Twin) -> None:
    assert twin.left_out == ()


def test_enlarged_twin_plans_for_more_rows_and_stays_small(snapshot: Snapshot, twin: Twin) -> None:
    query = "SELECT * FROM bank.account"
    with open_twin(snapshot, scale=1000) as larger:
        assert larger.disk_bytes() < 64 * MIB
        with larger.connect() as big, twin.connect() as small:
            assert plan_of(small, query)["Plan Rows"] == 2_000
            assert plan_of(big, query)["Plan Rows"] == 2_000_000


def test_owner_owns_the_tables_and_is_no_superuser() -> None:
    with open_twin(SMALL) as twin, twin.connect() as connection:
        row = connection.execute("""
            SELECT current_user, current_setting('is_superuser'), current_database(),
                   (SELECT tableowner FROM pg_tables WHERE tablename = 'item')
        """).fetchone()
        assert row == ("dbs_owner", "off", "shop", "dbs_owner")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("COPY item FROM PROGRAM 'id'")


def test_name_of_the_database_may_hold_any_character() -> None:
    name = 'My "shop" 1/2% ü?'
    with open_twin(replace(SMALL, database=name)) as twin, psycopg.connect(twin.url) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == (name,)


def test_unsized_twin_knows_the_rows_from_the_catalogue_alone() -> None:
    with open_twin(SMALL, sized=False) as twin, twin.connect() as connection:
        row = connection.execute(
            "SELECT reltuples, pg_relation_size('item') FROM pg_class WHERE relname = 'item'"
        )
        assert row.fetchone() == (50_000.0, 0)


def test_several_twins_are_open_at_once() -> None:
    with open_twin(SMALL) as first, open_twin(SMALL, scale=2) as second:
        for twin, rows in ((first, 50_000), (second, 100_000)):
            with twin.connect() as connection:
                assert plan_of(connection, "SELECT * FROM item")["Plan Rows"] == rows


def test_nothing_is_left_of_a_closed_twin() -> None:
    with open_twin(SMALL) as twin:
        folder = twin.cluster.folder
        assert folder.exists()
    assert not folder.exists()


def test_settings_of_plans_and_sessions_are_the_snapshots() -> None:
    settings = {
        "work_mem": "65536",
        "random_page_cost": "1.1",
        "TimeZone": "Europe/Berlin",
        "enable_mergejoin": "off",
        "shared_buffers": "99999",  # of the server, not of a session
        "gone_since_14": "1",
    }
    roles = {"*@shop": {"search_path": '"$user", public, extra', "lock_timeout": "5s"}}
    with (
        open_twin(replace(SMALL, settings=settings, role_settings=roles)) as twin,
        twin.connect() as connection,
    ):
        names = "work_mem", "random_page_cost", "TimeZone", "enable_mergejoin", "lock_timeout"
        shown = [connection.execute(f"SHOW {name}".encode()).fetchone() for name in names]
        assert shown == [("64MB",), ("1.1",), ("Europe/Berlin",), ("off",), ("5s",)]
        assert connection.execute("SHOW search_path").fetchone() == ('"$user", public, extra',)
        assert twin.left_out == ()


def test_setting_that_is_refused_is_said() -> None:
    settings = {"work_mem": "much"}
    with open_twin(replace(SMALL, settings=settings)) as twin:
        assert twin.left_out == (
            'setting work_mem: left out (invalid value for parameter "work_mem": "much")',
        )


@pytest.mark.parametrize(
    ("provider", "locale", "condition"),
    [
        ("c", "C", True),
        ("c", "en_US.UTF-8", False),
        ("b", "en_US.UTF-8", True),
        ("i", "C", False),
    ],
)
@pytest.mark.parametrize("database", ["shop", "postgres"])
def test_like_uses_a_plain_index_where_the_collation_sorts_bytes(
    provider: str, locale: str, condition: bool, database: str
) -> None:
    index = SchemaObject("index", "public.item_name", create="CREATE INDEX ON public.item (name)")
    settings = {"locale_provider": provider, "lc_collate": locale, "enable_seqscan": "off"}
    snapshot = replace(
        SMALL, database=database, catalogue=Catalogue((ITEM, index)), settings=settings
    )
    with open_twin(snapshot) as twin, twin.connect() as connection:
        plan = plan_of(connection, "SELECT * FROM item WHERE name LIKE 'abc%'")
        assert ("Index Cond" in str(plan)) is condition
        assert connection.info.dbname == database
        assert twin.left_out == ()


def test_sequences_stand_where_production_stands() -> None:
    sequence = SchemaObject("sequence", "public.s", create="CREATE SEQUENCE public.s")
    state = SequenceState("public.s", 41, 2**63 - 1, 1)
    made = replace(SMALL, catalogue=Catalogue((sequence,)), relations=(), sequences=(state,))
    with open_twin(made) as twin, twin.connect() as connection:
        assert connection.execute("SELECT nextval('s')").fetchone() == (42,)


def test_snapshot_of_another_engine_is_refused() -> None:
    with pytest.raises(InputError, match="a snapshot of mysql; take one of PostgreSQL"):
        open_twin(replace(SMALL, engine="mysql", source=""))


def test_command_finds_the_twin_in_its_environment(tmp_path: Path) -> None:
    script = (
        "import os, psycopg, pathlib\n"
        "one = psycopg.connect(os.environ['DATABASE_URL']).execute('TABLE item').fetchall()\n"
        "two = psycopg.connect('').execute('SELECT current_database()').fetchone()\n"
        f"pathlib.Path({str(tmp_path / 'seen')!r}).write_text(f'{{one}} {{two}}')\n"
        "raise SystemExit(7)\n"
    )
    assert run_with_twin(SMALL, [sys.executable, "-W", "ignore", "-c", script]) == 7
    assert (tmp_path / "seen").read_text() == "[] ('shop',)"


def test_terminated_run_ends_its_command_and_its_twin(tmp_path: Path) -> None:
    path, seen = tmp_path / "small.snapshot", tmp_path / "seen"
    write_snapshot(SMALL, path)
    script = (
        "import os, pathlib, time\n"
        "said = str(os.getpid()) + ' ' + os.environ['PGHOST'] + '.'\n"
        f"pathlib.Path({str(seen)!r}).write_text(said)\n"
        "time.sleep(60)\n"
    )
    program = (
        "from dbspecialist.tasks.twin import twin_run\n"
        f"raise SystemExit(twin_run({str(path)!r}, [{sys.executable!r}, '-c', {script!r}]))"
    )
    with subprocess.Popen([sys.executable, "-c", program]) as run:
        while not (seen.exists() and seen.read_text().endswith(".")):
            assert run.poll() is None
            time.sleep(0.05)
        command, folder = seen.read_text().rstrip(".").split()
        run.send_signal(signal.SIGTERM)
        run.wait(timeout=20)
    assert not psutil.pid_exists(int(command))
    assert not Path(folder).exists()


def test_command_that_does_not_exist_is_said() -> None:
    with pytest.raises(InputError, match="no-such-program: cannot be started"):
        run_with_twin(SMALL, ["no-such-program"])


def test_progress_names_the_steps() -> None:
    steps: list[str] = []
    with open_twin(SMALL, progress=steps.append):
        pass
    assert steps == [
        "starting a server",
        "creating the schema",
        "loading the statistics",
        "setting the sizes",
    ]
