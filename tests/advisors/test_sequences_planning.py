from pathlib import Path

import pytest
from requested import plan

from dbspecialist.facts.errors import InputError

SCHEMA = "CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);"


def test_request_waits_for_what_another_makes(tmp_path: Path) -> None:
    asked = [
        "add-foreign-key posts user_id users",
        "add-column posts body text",
        "create-table posts 'id bigint PRIMARY KEY' 'user_id bigint'",
    ]
    found = plan(tmp_path, SCHEMA, *asked)
    assert [item.split()[0] for item in found.requests] == [
        "create-table",
        "add-foreign-key",
        "add-column",
    ]
    assert found.refuted == ()


def test_what_takes_away_comes_last(tmp_path: Path) -> None:
    found = plan(tmp_path, SCHEMA, "drop-column users age", "add-column users note text")
    assert [item.stage for item in found.phases] == ["expand", "contract", "contract", "contract"]
    assert found.refuted == ()


@pytest.mark.parametrize(
    "asked",
    [
        ("set-not-null users age --fill 0", "drop-column users age"),
        ("add-column users note text", "drop-column users note"),
        ("set-default users age --default 1", "set-default users age --default 2"),
        ("drop-column users age", "add-column users age bigint"),
    ],
)
def test_requests_that_contradict_are_refused(asked: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="contradict each other on column"):
        plan(tmp_path, SCHEMA, *asked)


def test_request_that_never_fits_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="add-column userz x text: there is no table userz"):
        plan(tmp_path, SCHEMA, "add-column users y text", "add-column userz x text")
