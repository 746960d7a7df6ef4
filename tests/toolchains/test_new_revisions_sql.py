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
from dbspecialist.toolchains.sql_files import SqlFiles
from dbspecialist.twins.cluster import Cluster

NOON = Place(now=datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC))
TABLE = "CREATE TABLE t (a integer);\n"

STYLES: dict[str, dict[str, str]] = {
    "psql": {"1_t.sql": TABLE, "1_t.down.sql": "DROP TABLE t;\n"},
    "folder of ways back": {"up/01_t.sql": TABLE, "up/undo/01_t.sql": "DROP TABLE t;\n"},
    "golang-migrate": {"000001_t.up.sql": TABLE, "000001_t.down.sql": "DROP TABLE t;\n"},
    "diesel": {
        "2026-01-31-000000_t/up.sql": TABLE,
        "2026-01-31-000000_t/down.sql": "DROP TABLE t;\n",
    },
    "goose": {"00001_t.sql": f"-- +goose Up\n{TABLE}-- +goose Down\nDROP TABLE t;\n"},
    "dbmate": {"20260101000000_t.sql": f"-- migrate:up\n{TABLE}-- migrate:down\nDROP TABLE t;\n"},
}


@pytest.mark.parametrize("style", STYLES)
def test_new_files_run_there_and_back(
    style: str, tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    root = tmp_path / "up" if style.startswith("folder") else tmp_path
    write(tmp_path, STYLES[style])
    project = find_projects(root)[0]
    known = [item.revision for item in project.history()]
    written(root, new_revisions(project, "Add b", PHASES, NOON))
    new = run_there_and_back(root, known, cluster, database)
    assert [item.title for item in new] == ["add the column", "index it", "fill it"]


def names(root: Path, files: dict[str, str]) -> list[str]:
    write(root, files)
    found = new_revisions(find_projects(root, "sql")[0], "Add the b", [COLUMN], NOON)
    return [item.path for item in found]


@pytest.mark.parametrize(
    ("files", "made"),
    [
        (STYLES["psql"], ["2_add_the_b.sql", "2_add_the_b.down.sql"]),
        (STYLES["golang-migrate"], ["000002_add_the_b.up.sql", "000002_add_the_b.down.sql"]),
        (
            STYLES["diesel"],
            ["2026-03-01-120000_add_the_b/up.sql", "2026-03-01-120000_add_the_b/down.sql"],
        ),
        (STYLES["goose"], ["00002_add_the_b.sql"]),
        (STYLES["dbmate"], ["20260301120000_add_the_b.sql"]),
        (
            {"V1.9__t.sql": TABLE, "U1.9__t.sql": ""},
            ["V1.10__add_the_b.sql", "U1.10__add_the_b.sql"],
        ),
        ({"9-first-table.sql": TABLE}, ["10-add-the-b.sql"]),
        ({"20991231235959_t.sql": TABLE}, ["20991231235960_add_the_b.sql"]),
        ({"1700000000_t.sql": TABLE}, ["1772366400_add_the_b.sql"]),
        (
            {"001_t.sql": TABLE, "down/001_t.sql": ""},
            ["002_add_the_b.sql", "down/002_add_the_b.sql"],
        ),
    ],
)
def test_name_follows_the_last(tmp_path: Path, files: dict[str, str], made: list[str]) -> None:
    assert names(tmp_path, files) == made


def test_psql_file_without_ways_back_has_it_as_a_comment(tmp_path: Path) -> None:
    write(tmp_path, {"1_t.sql": TABLE})
    found = written(tmp_path, new_revisions(find_projects(tmp_path)[0], "Add b", [COLUMN]))
    assert found == {
        "2_add_b.sql": (
            "-- Add b\n"
            "BEGIN;\n"
            "ALTER TABLE public.t ADD COLUMN b integer;\n"
            "COMMENT ON COLUMN public.t.b IS 'a: %b';\n"
            "COMMIT;\n"
            "\n"
            "-- The way back:\n"
            "-- ALTER TABLE public.t DROP COLUMN b;\n"
        )
    }


def test_statement_without_a_transaction_is_alone_where_files_are_one_message(
    tmp_path: Path,
) -> None:
    write(tmp_path, STYLES["golang-migrate"])
    phase = Phase(
        "index it",
        ("SET lock_timeout = 0", "DROP INDEX CONCURRENTLY IF EXISTS i", *INDEX.up),
        INDEX.down,
        transactional=False,
    )
    found = written(tmp_path, new_revisions(find_projects(tmp_path)[0], "Index", [phase]))
    assert found == {
        "000002_index_1.up.sql": (
            "-- no-transaction\n-- Index 1\nDROP INDEX CONCURRENTLY IF EXISTS i;\n"
        ),
        "000002_index_1.down.sql": "-- No statement takes this back.\n",
        "000003_index_2.up.sql": f"-- no-transaction\n-- Index 2\n{INDEX.up[0]};\n",
        "000003_index_2.down.sql": f"-- no-transaction\n{INDEX.down[0]};\n",
    }


def test_keywords_are_written_as_those_there(tmp_path: Path) -> None:
    write(tmp_path, {"1_t.sql": "create table t (a integer);\ncreate index i on t (a);\n"})
    phase = Phase("x", ("ALTER TABLE \"T\" ADD CHECK (a IN ('X', $$Y$$))",))
    (edit,) = new_revisions(find_projects(tmp_path)[0], "x", [phase])
    assert edit.text == "-- x\nalter table \"T\" add check (a in ('X', $$Y$$));\n"


def test_names_without_numbers_are_refused(tmp_path: Path) -> None:
    write(tmp_path, {"first.sql": TABLE})
    with pytest.raises(InputError, match="first has no number to count on from"):
        new_revisions(find_projects(tmp_path)[0], "x", [COLUMN])


def test_step_outside_a_transaction_is_refused_where_psql_makes_one(tmp_path: Path) -> None:
    write(tmp_path, {"1_t.sql": TABLE})
    with pytest.raises(InputError, match="a step runs outside a transaction"):
        new_revisions(SqlFiles(tmp_path, tmp_path, single_transaction=True), "x", [INDEX])


def test_title_of_several_lines_stays_a_comment(tmp_path: Path) -> None:
    write(tmp_path, {"1_t.sql": TABLE})
    phase = Phase("x", ("SELECT 1",), when="a\n; DROP TABLE t")
    (edit,) = new_revisions(find_projects(tmp_path)[0], "Ask\n; DROP TABLE t", [phase])
    assert edit.text == (
        "-- Ask\n-- ; DROP TABLE t\n-- Runs when: a\n-- ; DROP TABLE t\nSELECT 1;\n"
    )
