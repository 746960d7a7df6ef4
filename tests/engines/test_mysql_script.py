from __future__ import annotations

import pytest

from dbspecialist.engines.mysql.script import split_script
from dbspecialist.facts.errors import InputError


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("select 1; select 2", [("select 1", 1), ("select 2", 1)]),
        ("-- a; b\n# c;\nselect 1;", [("select 1", 3)]),
        ("select 'it\\'s; one';select \"a;b\"", [("select 'it\\'s; one'", 1), ('select "a;b"', 1)]),
        ("select `a;b`;", [("select `a;b`", 1)]),
        ("select 1 -- ;\n;select 2--1;", [("select 1", 1), ("select 2--1", 2)]),
        (
            "/*!40101 set names utf8 */;\nselect 1;",
            [("/*!40101 set names utf8 */", 1), ("select 1", 2)],
        ),
        (
            "DELIMITER //\ncreate trigger t before insert on a for each row begin set @a=1; end//\n"
            "DELIMITER ;\nselect 1;",
            [
                ("create trigger t before insert on a for each row begin set @a=1; end", 2),
                ("select 1", 4),
            ],
        ),
        ("delimiter $$\nselect 1$$\nselect '$$'$$", [("select 1", 2), ("select '$$'", 3)]),
        ("\n\n  ;;  ", []),
    ],
)
def test_script_is_split_as_the_client_splits_it(
    text: str, statements: list[tuple[str, int]]
) -> None:
    assert [(item.sql, item.line) for item in split_script(text)] == statements


@pytest.mark.parametrize("text", ["select 1;\nselect 'open", "source other.sql;"])
def test_script_that_cannot_be_split_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        split_script(text)
