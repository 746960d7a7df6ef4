import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from new_revisions import COLUMN, INDEX, PHASES, run_there_and_back, written
from node_projects import write
from recording import Database

from dbspecialist.facts.change import Phase
from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains import find_projects
from dbspecialist.toolchains.revisions import Place, new_revisions
from dbspecialist.twins.cluster import Cluster

NOON = Place(now=datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC))
TABLE = "CREATE TABLE t (a integer);\n"


def flyway(root: Path, **files: str) -> Path:
    return write(root, {"flyway.conf": "flyway.locations=filesystem:sql\n", **files})


def prisma(root: Path, version: str, **migrations: str) -> Path:
    files = {f"prisma/migrations/{name}/migration.sql": text for name, text in migrations.items()}
    lock = {"prisma/migrations/migration_lock.toml": 'provider = "postgresql"\n'}
    package = {"package.json": json.dumps({"devDependencies": {"prisma": version}})}
    return write(root, {**files, **lock, **package})


def test_flyway_scripts_run_there_and_back(
    tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    root = flyway(tmp_path, **{"sql/V1__t.sql": TABLE, "sql/U1__t.sql": "DROP TABLE t;"})
    found = written(root, new_revisions(find_projects(root)[0], "Add b", PHASES, NOON))
    assert list(found) == [
        "sql/V2__add_the_column.sql",
        "sql/U2__add_the_column.sql",
        "sql/V3__index_it.sql",
        "sql/V3__index_it.sql.conf",
        "sql/U3__index_it.sql",
        "sql/U3__index_it.sql.conf",
        "sql/V4__fill_it.sql",
        "sql/U4__fill_it.sql",
    ]
    assert found["sql/V3__index_it.sql.conf"] == "executeInTransaction=false\n"
    run_there_and_back(root, ["V1"], cluster, database)


@pytest.mark.parametrize(
    ("last", "made"),
    [
        ("V1.9__Add_t.sql", "V1.10__Add_b.sql"),
        ("V1_9__t.sql", "V1_10__add_b.sql"),
        ("V007__t.sql", "V008__add_b.sql"),
        ("V20260101100000__t.sql", "V20260301120000__add_b.sql"),
        ("V2026.01.31.5__t.sql", "V2026.01.31.6__add_b.sql"),
        ("B3__all.sql", "V4__add_b.sql"),
    ],
)
def test_flyway_version_follows_the_last(tmp_path: Path, last: str, made: str) -> None:
    root = flyway(tmp_path, **{f"sql/{last}": TABLE, "sql/R__view.sql": "select 1;"})
    (edit,) = new_revisions(find_projects(root)[0], "Add b", [COLUMN], NOON)
    assert edit.path == f"sql/{made}"


def test_flyway_script_has_its_way_back_as_a_comment_where_no_undo_is(tmp_path: Path) -> None:
    root = flyway(tmp_path, **{"sql/V1__t.sql": TABLE.lower()})
    phase = Phase("x", ("ALTER TABLE t ADD CHECK (a <> '${x}')",), ("ALTER TABLE t DROP c",))
    found = written(root, new_revisions(find_projects(root)[0], "Check a", [phase], NOON))
    assert found == {
        "sql/V2__check_a.sql": (
            "-- Check a\nalter table t add check (a <> '${x}');\n"
            "\n-- The way back:\n-- alter table t drop c;\n"
        ),
        "sql/V2__check_a.sql.conf": "placeholderReplacement=false\n",
    }
    assert find_projects(root)[0].history()[-1].transactional


@pytest.mark.parametrize("version", ["^6.19.0", "7.4.1"])
def test_prisma_migrations_run_there_and_back(
    version: str, tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    root = prisma(tmp_path, version, **{"20260101000000_t": TABLE})
    found = written(root, new_revisions(find_projects(root)[0], "Add b", PHASES, NOON))
    assert [path for path in found if path.endswith("migration.sql")] == [
        f"prisma/migrations/2026030112000{number}_{name}/migration.sql"
        for number, name in enumerate(("add_the_column", "index_it", "fill_it"))
    ]
    assert ("BEGIN;" in "".join(found.values())) == (version == "7.4.1")
    run_there_and_back(root, ["20260101000000_t"], cluster, database)


def test_prisma_statement_without_a_transaction_is_alone_in_its_file(tmp_path: Path) -> None:
    root = prisma(tmp_path, "6.0.0", **{"0_init": TABLE})
    phase = Phase("i", ("SET lock_timeout = 0", *INDEX.up, *INDEX.up), transactional=False)
    found = written(root, new_revisions(find_projects(root)[0], "Index b", [phase], NOON))
    assert found == {
        f"prisma/migrations/{n}_index_b_{n}/migration.sql": f"-- Index b {n}\n{INDEX.up[0]};\n"
        for n in (1, 2)
    }


def test_heads_are_refused_where_there_are_none(tmp_path: Path) -> None:
    root = prisma(tmp_path, "6.0.0", **{"0_init": TABLE})
    with pytest.raises(InputError, match="Prisma has no heads"):
        new_revisions(find_projects(root)[0], "x", [COLUMN], Place("main"))
