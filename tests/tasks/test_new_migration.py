import shutil
from pathlib import Path

import pytest

from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.new_migration import new_migration
from dbspecialist.tasks.prove import prove
from dbspecialist.tasks.requests import read_request, read_requests

SHOP = Path(__file__).parents[2] / "examples" / "shop"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_alembic_revisions_are_written_and_prove_clean(shop: Path) -> None:
    request = read_request(
        ["add-column", "customers", "token", "uuid", "--default", "gen_random_uuid()", "--not-null"]
    )
    found = new_migration([request], path=shop, snapshot=shop / "prod.snapshot", write=True)
    assert found.written
    assert [item.stage for item in found.phases] == ["expand", "backfill", "", ""]
    written = [shop / item.path for item in found.edits]
    assert all(item.parent.name == "versions" and item.is_file() for item in written)
    report = prove([shop], from_="0015")
    assert [item.migration.path for item in report.migrations] == [
        item.path for item in found.edits
    ]
    assert {item.rule for item in report.at_least("warning")} == {
        "keep-models-and-migrations-equal"  # the models do not have the column yet
    }


def test_nothing_is_written_without_being_asked(shop: Path) -> None:
    before = sorted(path.name for path in shop.rglob("*.py"))
    request = read_request(["add-column", "customers", "note", "text"])
    found = new_migration([request], path=shop, snapshot=shop / "prod.snapshot")
    assert not found.written
    assert len(found.edits) == 1
    assert sorted(path.name for path in shop.rglob("*.py")) == before


def test_requests_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "wanted"
    file.write_text("# first\nadd-column users note text --default \"'a b'\"\n\n")
    (found,) = read_requests(file)
    assert str(found) == """add-column users note text --default ''"'"'a b'"'"''"""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["add-colum", "users"], "there is no request add-colum; did you mean add-column?"),
        (["add-column", "users"], "add-column lacks COLUMN; write add-column TABLE COLUMN TYPE"),
        (["add-column", "a", "b", "c", "d"], "add-column takes no 'd'"),
        (["add-column", "a", "b", "c", "--defalt", "1"], "did you mean --default?"),
        (["add-column", "a", "b", "c", "--default"], "--default has no value"),
        ([], "there is no request"),
    ],
)
def test_words_that_are_no_request_are_refused(words: list[str], told: str) -> None:
    with pytest.raises(InputError) as refused:
        read_request(words)
    assert told in str(refused.value)
