"""Scripts that are not UTF-8."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.prove import prove
from dbspecialist.toolchains.sql_places import read_source


@pytest.mark.parametrize(
    ("declaration", "encoding", "read"),
    [
        ("SET client_encoding = 'latin1';", "latin-1", "SET client_encoding = 'UTF8';"),
        ("set client_encoding to WIN1252;", "cp1252", "set client_encoding to UTF8;"),
        ("SET NAMES 'LATIN9';", "iso8859-15", "SET NAMES 'UTF8';"),
        ("\\encoding LATIN1", "latin-1", "\\encoding UTF8"),
    ],
)
def test_script_is_read_in_the_encoding_that_it_declares(
    tmp_path: Path, declaration: str, encoding: str, read: str
) -> None:
    file = tmp_path / "1.sql"
    file.write_bytes(f"{declaration}\nSELECT 'Müller';\n".encode(encoding))
    assert script_text(file) == f"{read}\nSELECT 'Müller';\n"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 'Müller';\nSET client_encoding = 'latin1';\n",
        "SET client_encoding = 'nosuch';\nSELECT 'Müller';\n",
        "SET client_encoding = 'UTF8';\nSELECT 'Müller';\n",
    ],
)
def test_script_that_declares_nothing_of_use_is_bad_input(tmp_path: Path, text: str) -> None:
    file = tmp_path / "1.sql"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=r"byte \d+ is not UTF-8; save the file as UTF-8"):
        script_text(file)


def test_statement_of_a_latin1_script_is_sent_with_its_letters(tmp_path: Path) -> None:
    """Three letters fit; of the six bytes that UTF-8 has for them, as many would not."""
    file = tmp_path / "1.sql"
    script = (
        "SET client_encoding = 'latin1';\n"
        "CREATE TABLE t (id int PRIMARY KEY, v varchar(3));\n"
        "INSERT INTO t VALUES (1, 'äöü');\n"
    )
    file.write_bytes(script.encode("latin-1"))
    (migration,) = prove([file]).migrations
    assert [item.error for item in migration.statements] == [None, None, None]
    assert migration.statements[2].sql == "INSERT INTO t VALUES (1, 'äöü')"


def test_file_of_another_encoding_is_not_edited(tmp_path: Path) -> None:
    file = tmp_path / "1.sql"
    file.write_bytes("SET client_encoding = 'latin1';\nSELECT 'ü';\n".encode("latin-1"))
    assert read_source(file) is None
