from pathlib import Path

from dbspecialist.toolchains.sql_formats import read_sections


def test_way_back_of_a_file_for_psql_is_sent_as_psql_does(tmp_path: Path) -> None:
    up, down = tmp_path / "1_t.sql", tmp_path / "1_t.down.sql"
    up.write_text("CREATE TABLE t (a int);\nCREATE INDEX ON t (a);\n")
    down.write_text("DROP INDEX t_a_idx;\nDROP TABLE t;\n")
    back = read_sections(up, down)[1]
    assert back is not None
    assert back.wrapping == "each"


def test_way_back_of_a_pair_is_one_message(tmp_path: Path) -> None:
    up, down = tmp_path / "1_t.up.sql", tmp_path / "1_t.down.sql"
    up.write_text("CREATE TABLE t (a int);\n")
    down.write_text("DROP TABLE t;\nSELECT 1;\n")
    back = read_sections(up, down)[1]
    assert back is not None
    assert back.wrapping == "implicit"
