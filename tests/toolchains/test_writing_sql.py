from pathlib import Path

import pytest
from writing_trials import ADD, BUILD, VALIDATE, texts, write

from dbspecialist.facts.change import Phase
from dbspecialist.toolchains.flyway import detect as detect_flyway
from dbspecialist.toolchains.prisma_migrate import detect as detect_prisma
from dbspecialist.toolchains.sql_files import SqlFiles, detect

INDEX = "CREATE INDEX i ON t (a)"
COLUMN = "ALTER TABLE t ADD COLUMN b int"
SWAP = Phase("set it", ("ALTER TABLE t ALTER a SET NOT NULL", "ALTER TABLE t DROP CONSTRAINT c"))
BUILT = "-- build the index while writes go on\nCREATE INDEX CONCURRENTLY i ON t (a);\n"


def plain(root: Path, text: str, line: int, sql: str, *phases: Phase) -> str | None:
    """The text of a file of psql with the phases in it; nothing where it is not rewritten."""
    write(root, **{"1_a.sql": text})
    project = detect(root)
    assert text.splitlines()[line - 1].strip()
    return texts(project, "1_a", [(line, sql)], {0: list(phases)}).get("1_a.sql")


def test_phases_stand_in_place_of_the_statement(tmp_path: Path) -> None:
    text = f"-- for the list\n{COLUMN}; -- b\n\n  {INDEX}  ; -- i\n\\echo done\n"
    assert plain(tmp_path, text, 4, INDEX, BUILD, VALIDATE, SWAP) == (
        f"-- for the list\n{COLUMN}; -- b\n\n"
        "  -- build the index while writes go on\n"
        "  CREATE INDEX CONCURRENTLY i ON t (a);\n"
        "  -- check the rows\n"
        "  ALTER TABLE t VALIDATE CONSTRAINT c;\n"
        "  -- set it\n"
        "  BEGIN;\n"
        "  ALTER TABLE t ALTER a SET NOT NULL;\n"
        "  ALTER TABLE t DROP CONSTRAINT c;\n"
        "  COMMIT; -- i\n"
        "\\echo done\n"
    )


def test_transaction_of_the_script_ends_before_and_begins_again(tmp_path: Path) -> None:
    text = f"BEGIN;\nSELECT 1;\n{INDEX};\nSELECT 2;\nCOMMIT;\n"
    assert plain(tmp_path, text, 3, INDEX, BUILD) == (
        f"BEGIN;\nSELECT 1;\nCOMMIT;\n{BUILT}BEGIN;\nSELECT 2;\nCOMMIT;\n"
    )


def test_transaction_around_the_statement_alone_goes(tmp_path: Path) -> None:
    text = f"start transaction;\n-- i\n{INDEX};\nend;\n"
    assert plain(tmp_path, text, 3, INDEX, BUILD) == f"-- i\n{BUILT}"


def test_several_statements_of_one_transaction_are_replaced_together(tmp_path: Path) -> None:
    other = INDEX.replace(" i ", " j ")
    text = f"BEGIN;\n{INDEX};\nSELECT 1;\n{other};\nCOMMIT;\n"
    write(tmp_path, **{"1_a.sql": text})
    sent = [(2, INDEX), (3, "SELECT 1"), (4, other)]
    found = texts(detect(tmp_path), "1_a", sent, {0: [BUILD], 2: [VALIDATE]})
    assert found["1_a.sql"] == (
        f"{BUILT}BEGIN;\nSELECT 1;\nCOMMIT;\n"
        "-- check the rows\nALTER TABLE t VALIDATE CONSTRAINT c;\n"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{INDEX}; SELECT 1;\n", 1),
        (f"SELECT 1; {INDEX};\n", 1),
        (f"BEGIN;\nSET LOCAL lock_timeout = '2s';\n{INDEX};\nCOMMIT;\n", 3),
        (f"BEGIN;\nSAVEPOINT a;\n{INDEX};\nCOMMIT;\n", 3),
        ("\\set name i\nCREATE INDEX :name ON t (a);\n", 2),
        (f"SELECT 1;\r\n{INDEX};\n", 2),
    ],
)
def test_place_that_is_not_sure_is_left_alone(tmp_path: Path, text: str, line: int) -> None:
    assert plain(tmp_path, text, line, INDEX, BUILD) is None


def test_windows_line_ends_and_the_byte_order_mark_are_kept(tmp_path: Path) -> None:
    text = f"\ufeffSELECT 1;\r\n{INDEX};\r\n"
    assert plain(tmp_path, text, 2, INDEX, BUILD) == (
        "\ufeffSELECT 1;\r\n" + BUILT.replace("\n", "\r\n")
    )


def test_single_transaction_is_parted_for_what_can_be_in_one(tmp_path: Path) -> None:
    write(tmp_path, **{"01_a.sql": f"{INDEX};\n", "03_b.sql": "SELECT 1;\n"})
    project = SqlFiles(tmp_path, tmp_path, single_transaction=True)
    assert texts(project, "01_a", [(1, INDEX)], {0: [BUILD]}) == {}
    assert texts(project, "01_a", [(1, INDEX)], {0: [ADD, VALIDATE]}) == {
        "01_a.sql": "-- add the check\nALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;\n",
        "02_a_2.sql": "-- check the rows\nALTER TABLE t VALIDATE CONSTRAINT c;\n",
    }
    three = {0: [ADD, VALIDATE, SWAP]}
    assert texts(project, "01_a", [(1, INDEX)], three) == {}  # 03 is taken


GOOSE = f"-- +goose Up\n{INDEX};\n\n-- +goose Down\nDROP INDEX i;\n"


def test_goose_file_of_one_statement_loses_its_transaction(tmp_path: Path) -> None:
    write(tmp_path, **{"1_a.sql": GOOSE})
    assert texts(detect(tmp_path), "1_a", [(2, INDEX)], {0: [BUILD, VALIDATE]}) == {
        "1_a.sql": (
            f"-- +goose NO TRANSACTION\n-- +goose Up\n{BUILT}"
            "-- check the rows\nALTER TABLE t VALIDATE CONSTRAINT c;\n\n"
            "-- +goose Down\nDROP INDEX i;\n"
        )
    }


def test_goose_file_of_several_is_parted(tmp_path: Path) -> None:
    text = GOOSE.replace(INDEX, f"{COLUMN};\n{INDEX};\nSELECT 2")
    write(tmp_path, **{"00007_a.sql": text})
    sent = [(2, COLUMN), (3, INDEX), (4, "SELECT 2")]
    back = "\n-- +goose Down\n-- The way back is that of 00007_a.sql.\n"
    assert texts(detect(tmp_path), "00007_a", sent, {1: [BUILD]}) == {
        "00007_a.sql": f"-- +goose Up\n{COLUMN};\n\n-- +goose Down\nDROP INDEX i;\n",
        "00008_a_2.sql": f"-- +goose NO TRANSACTION\n-- +goose Up\n{BUILT}{back}",
        "00009_a_3.sql": f"-- +goose Up\nSELECT 2;\n{back}",
    }


def test_goose_block_is_left_alone(tmp_path: Path) -> None:
    text = f"-- +goose Up\n-- +goose StatementBegin\n{INDEX};\n-- +goose StatementEnd\n"
    write(tmp_path, **{"1_a.sql": text})
    assert texts(detect(tmp_path), "1_a", [(3, INDEX)], {0: [BUILD]}) == {}


def test_dbmate_gets_a_file_for_each_statement(tmp_path: Path) -> None:
    text = f"-- migrate:up\n{INDEX};\n\n-- migrate:down\nDROP INDEX i;\n"
    write(tmp_path, **{"20260101_a.sql": text})
    assert texts(detect(tmp_path), "20260101_a", [(2, INDEX)], {0: [BUILD, VALIDATE]}) == {
        "20260101_a.sql": (
            f"-- migrate:up transaction:false\n{BUILT}\n-- migrate:down\nDROP INDEX i;\n"
        ),
        "20260102_a_2.sql": (
            "-- migrate:up\n-- check the rows\nALTER TABLE t VALIDATE CONSTRAINT c;\n\n"
            "-- migrate:down\n-- The way back is that of 20260101_a.sql.\n"
        ),
    }


def test_pairs_of_files_get_further_pairs(tmp_path: Path) -> None:
    write(
        tmp_path,
        **{"001_a.up.sql": f"{COLUMN};\n{INDEX};\n", "001_a.down.sql": "DROP INDEX i;\n"},
    )
    sent = [(1, COLUMN), (2, INDEX)]
    assert texts(detect(tmp_path), "001_a", sent, {1: [BUILD]}) == {
        "001_a.up.sql": f"{COLUMN};\n",
        "002_a_2.up.sql": f"-- no-transaction\n{BUILT}",
        "002_a_2.down.sql": "-- The way back is that of 001_a.up.sql.\n",
    }


def test_folders_get_further_folders(tmp_path: Path) -> None:
    folder = "2024-01-01-000000_a"
    write(tmp_path, **{f"{folder}/up.sql": f"{COLUMN};\n{INDEX};\n", f"{folder}/down.sql": "x"})
    sent = [(1, COLUMN), (2, INDEX)]
    new = "2024-01-01-000001_a_2"
    assert texts(detect(tmp_path), folder, sent, {1: [BUILD]}) == {
        f"{folder}/up.sql": f"{COLUMN};\n",
        f"{new}/up.sql": BUILT,
        f"{new}/down.sql": f"-- The way back is that of {folder}.\n",
        f"{new}/metadata.toml": "run_in_transaction = false\n",
    }


def test_flyway_scripts_follow_with_versions_between(tmp_path: Path) -> None:
    text = f"{COLUMN};\n{INDEX};\nSELECT 2;\n"
    write(tmp_path, **{"sql/V7__a.sql": text, "sql/V8__b.sql": "SELECT 1;\n", "sql/U7__a.sql": ";"})
    sent = [(1, COLUMN), (2, INDEX), (3, "SELECT 2")]
    assert texts(detect_flyway(tmp_path), "V7", sent, {1: [BUILD, VALIDATE]}) == {
        "sql/V7__a.sql": f"{COLUMN};\n",
        "sql/V7.1__a_2.sql": (f"{BUILT}-- check the rows\nALTER TABLE t VALIDATE CONSTRAINT c;\n"),
        "sql/V7.1__a_2.sql.conf": "executeInTransaction=false\n",
        "sql/U7.1__a_2.sql": "-- Undone by U7__a.sql.\n",
        "sql/V7.2__a_3.sql": "SELECT 2;\n",
        "sql/U7.2__a_3.sql": "-- Undone by U7__a.sql.\n",
    }


def test_flyway_script_of_one_statement_gets_a_configuration_for_more(tmp_path: Path) -> None:
    sql = "CREATE INDEX CONCURRENTLY i ON t (a)"
    lifted = Phase("build it", ("SET lock_timeout = 0", sql), transactional=False)
    write(tmp_path, **{"sql/V7__a.sql": f"{sql};\n"})
    assert texts(detect_flyway(tmp_path), "V7", [(1, sql)], {0: [lifted]}) == {
        "sql/V7__a.sql": f"-- build it\nSET lock_timeout = 0;\n{sql};\n",
        "sql/V7__a.sql.conf": "executeInTransaction=false\n",
    }


def test_flyway_version_that_is_taken_is_left_alone(tmp_path: Path) -> None:
    text = f"{COLUMN};\n{INDEX};\n"
    write(tmp_path, **{"sql/V7__a.sql": text, "sql/V7.1__b.sql": "SELECT 1;\n"})
    sent = [(1, COLUMN), (2, INDEX)]
    assert texts(detect_flyway(tmp_path), "V7", sent, {1: [BUILD]}) == {}


def test_prisma_gets_a_migration_for_each_statement(tmp_path: Path) -> None:
    text = f"-- CreateIndex\n{INDEX};\n\n-- AlterTable\n{COLUMN};\n"
    name = "prisma/migrations/20260101000000_a"
    write(tmp_path, **{f"{name}/migration.sql": text})
    sent = [(2, INDEX), (5, COLUMN)]
    assert texts(detect_prisma(tmp_path), "20260101000000_a", sent, {0: [BUILD]}) == {
        f"{name}/migration.sql": f"-- CreateIndex\n{BUILT}",
        "prisma/migrations/20260101000001_a_2/migration.sql": f"-- AlterTable\n{COLUMN};\n",
    }
