import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.statistics import ColumnStatistics, RelationStatistics
from dbspecialist.facts.workload import WorkloadStatement
from dbspecialist.tasks.new_migration import new_migration
from dbspecialist.tasks.prove import prove
from dbspecialist.tasks.requests import read_request, read_requests
from dbspecialist.tasks.sources import snapshot_of_sql

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
    found = new_migration(
        [request], path=shop, snapshot=shop / "prod.snapshot", models=False, write=True
    )
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
    assert len(found.edits) == 2
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


def committed(shop: Path) -> Path:
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "start"]):
        who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", *who, *words], cwd=shop, check=True)
    return shop


def test_models_are_edited_with_the_migration_and_agree(shop: Path) -> None:
    committed(shop)
    words = ["add-column", "customers", "nickname", "varchar(40)"]
    found = new_migration([read_request(words)], path=shop, write=True)
    assert found.refuted == ()
    assert found.proofs[-1].claim == "the edited models agree with the migrated database"
    assert found.proofs[-1].verdict == "proven"
    line = "    nickname: Mapped[str | None] = mapped_column(String(40))\n"
    assert line in (shop / "shop" / "models.py").read_text()


def test_models_with_the_new_name_work_while_old_code_runs(shop: Path) -> None:
    words = ["rename-column", "customers", "full_name", "name"]
    found = new_migration([read_request(words)], path=shop, snapshot=shop / "prod.snapshot")
    assert found.refuted == ()
    assert [item.phase.stage for item in found.withheld] == ["contract"]
    assert found.proofs[-1].claim == "what the edited models send is taken by the migrated database"
    assert found.proofs[-1].verdict == "tested"
    (edit,) = [item for item in found.edits if item.path == "shop/models.py"]
    assert 'full_name: Mapped[str] = mapped_column("name", String(200))' in edit.text


def test_file_that_git_does_not_know_is_not_written_over(shop: Path) -> None:
    committed(shop)
    subprocess.run(["git", "rm", "-q", "--cached", "shop/models.py"], cwd=shop, check=True)
    before = (shop / "shop" / "models.py").read_text()
    request = read_request(["add-column", "customers", "note", "text"])
    with pytest.raises(InputError, match="git does not know this file"):
        new_migration([request], path=shop, write=True)
    assert (shop / "shop" / "models.py").read_text() == before
    assert not list((shop / "migrations" / "versions").glob("0016*"))
    assert new_migration([request], path=shop, models=False, write=True).written


def test_column_that_models_map_is_not_dropped(shop: Path) -> None:
    request = read_request(["drop-column", "customers", "full_name"])
    with pytest.raises(InputError, match="code still uses what goes: SELECT"):
        new_migration([request], path=shop)


def test_files_of_a_phase_that_is_held_back_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "1_users.up.sql").write_text(
        "CREATE TABLE users (id bigint PRIMARY KEY, a text, b text);\n"
    )
    (folder / "1_users.down.sql").write_text("DROP TABLE users;\n")
    made = snapshot_of_sql(folder / "1_users.up.sql")
    reads = replace(made, workload=(WorkloadStatement("SELECT a FROM users"),))
    request = read_request(["merge-columns", "users", "c", "a || b", "a", "b"])
    found = new_migration([request], path=tmp_path, snapshot=reads)
    assert found.refuted == ()
    assert [item.path for item in found.edits] == [
        "migrations/2_add_c_to_users_kept_in_step_with_a_b.up.sql",
        "migrations/2_add_c_to_users_kept_in_step_with_a_b.down.sql",
        "migrations/3_fill_c_of_users_in_batches.up.sql",
        "migrations/3_fill_c_of_users_in_batches.down.sql",
    ]
    free = new_migration([request], path=tmp_path, snapshot=made)
    assert free.places == tuple(range(9))
    assert free.refuted == ()


def test_plan_that_the_statistics_refute_is_not_written(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "1_users.sql").write_text("CREATE TABLE users (id bigint PRIMARY KEY, kind text);\n")
    (folder / "1_users.down.sql").write_text("DROP TABLE users;\n")
    made = replace(
        snapshot_of_sql(folder / "1_users.sql"),
        relations=(RelationStatistics("public.users", "table", 10_000, 1e6, total_bytes=80 << 20),),
        columns=(ColumnStatistics("public.users", "kind", False, 0.0, 8, 5.0),),
    )
    request = read_request(["add-unique", "users", "kind"])
    found = new_migration([request], path=tmp_path, snapshot=made, write=True)
    assert [item.claim for item in found.refuted] == [
        "no rule finds an error or a warning in the files"
    ]
    assert [item.rule for item in found.findings] == ["deduplicate-before-unique"]
    assert not found.written
    assert len(list(folder.iterdir())) == 2


def test_nothing_is_left_where_one_file_cannot_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "1_users.sql").write_text("CREATE TABLE users (id bigint PRIMARY KEY);\n")
    (folder / "1_users.down.sql").write_text("DROP TABLE users;\n")
    request = read_request(["add-column", "users", "note", "text"])
    found = new_migration([request], path=tmp_path)
    (tmp_path / found.edits[1].path).mkdir()  # a folder where the second file would go
    with pytest.raises(InputError):
        new_migration([request], path=tmp_path, write=True)
    assert not (tmp_path / found.edits[0].path).exists()


def test_models_that_would_not_agree_stay_as_they_are(shop: Path) -> None:
    words = ["create-table", "coupons", "id bigint primary key"]  # models say pk_coupons
    found = new_migration([read_request(words)], path=shop)
    assert found.refuted == ()
    assert [item.path for item in found.edits] == [
        "migrations/versions/0016_create_table_coupons.py"
    ]
    assert "the models are not edited: they would not agree" in found.notes[-1]
