"""Fixes written for each toolchain of SQL files: what is left runs, and is without the hazard."""

from functools import partial
from pathlib import Path

import pytest

from dbspecialist.facts.catalogue import Catalogue, differences
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.proofs.trials import brought_to, read
from dbspecialist.tasks.prove import prove
from dbspecialist.tasks.sources import read_source
from dbspecialist.toolchains import find_projects
from dbspecialist.twins.stage import open_stage

SCHEMA = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, status text);
"""
COLUMN = "ALTER TABLE orders ADD COLUMN note text;"
INDEX = "CREATE INDEX orders_status_idx ON orders (status);"
KEY = "ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users;"
UP = f"{COLUMN}\n{INDEX}\n{KEY}\n"
DOWN = (
    "ALTER TABLE orders DROP CONSTRAINT orders_user;\n"
    "DROP INDEX orders_status_idx;\nALTER TABLE orders DROP COLUMN note;\n"
)
RULES = ("build-index-concurrently", "validate-foreign-keys-separately")

#: A project's files by toolchain, and the files that --fix writes.
PROJECTS = {
    "psql": ({"migrations/1_a.sql": UP}, ["migrations/1_a.sql"]),
    "psql in a transaction": (
        {"migrations/1_a.sql": f"BEGIN;\n{UP}COMMIT;\n"},
        ["migrations/1_a.sql"],
    ),
    "goose": (
        {"migrations/001_a.sql": f"-- +goose Up\n{UP}\n-- +goose Down\n{DOWN}"},
        ["migrations/001_a.sql", "migrations/002_a_2.sql"],
    ),
    "dbmate": (
        {"migrations/20260101000000_a.sql": f"-- migrate:up\n{UP}\n-- migrate:down\n{DOWN}"},
        [
            *("migrations/20260101000000_a.sql", "migrations/20260101000001_a_2.sql"),
            *("migrations/20260101000002_a_3.sql", "migrations/20260101000003_a_4.sql"),
        ],
    ),
    "golang-migrate": (
        {"migrations/1_a.up.sql": UP, "migrations/1_a.down.sql": DOWN},
        [
            "migrations/1_a.up.sql",
            *(f"migrations/{n}_a_{n}.{way}.sql" for n in (2, 3, 4) for way in ("down", "up")),
        ],
    ),
    "diesel": (
        {
            "migrations/2026-01-01-000000_a/up.sql": UP,
            "migrations/2026-01-01-000000_a/down.sql": DOWN,
        },
        [
            "migrations/2026-01-01-000000_a/up.sql",
            "migrations/2026-01-01-000001_a_2/down.sql",
            "migrations/2026-01-01-000001_a_2/metadata.toml",
            "migrations/2026-01-01-000001_a_2/up.sql",
            *(
                f"migrations/2026-01-01-00000{n - 1}_a_{n}/{way}.sql"
                for n in (3, 4)
                for way in ("down", "up")
            ),
        ],
    ),
    "flyway": (
        {"sql/V1__a.sql": UP, "sql/U1__a.sql": DOWN},
        ["sql/U1.1__a_2.sql", "sql/V1.1__a_2.sql", "sql/V1.1__a_2.sql.conf", "sql/V1__a.sql"],
    ),
    "prisma": (
        {"prisma/migrations/1_a/migration.sql": UP},
        [
            "prisma/migrations/1_a/migration.sql",
            *(f"prisma/migrations/{n}_a_{n}/migration.sql" for n in (2, 3, 4)),
        ],
    ),
}


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    file = tmp_path_factory.mktemp("production") / "production.sql"
    file.write_text(SCHEMA)
    found = read_source(file, lambda _: None)
    assert found is not None
    return found


def final_catalogue(root: Path, production: Snapshot) -> Catalogue:
    (project,) = find_projects(root)
    with (
        open_stage(production) as stage,
        brought_to(stage, project, project.history()) as database,
    ):
        return read(stage, database)


@pytest.mark.parametrize("toolchain", PROJECTS)
def test_fix_leaves_the_same_catalogue_without_the_hazards(
    toolchain: str, tmp_path: Path, production: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, expected = PROJECTS[toolchain]
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    before = final_catalogue(tmp_path, production)
    report = prove([tmp_path], snapshot=production, select=RULES, fix=True)
    told = [item.claim for item in report.proofs if item.claim.endswith(" was written")]
    assert told == [f"{name} was written" for name in expected]
    assert report.findings == ()
    assert differences(before, final_catalogue(tmp_path, production)) == ()
    again = prove([tmp_path], snapshot=production, select=RULES)
    assert again.findings == ()
    assert len(again.migrations) == sum(
        "/U" not in n and n.endswith(".sql") for n in _ups(expected)
    )


def _ups(files: list[str]) -> list[str]:
    return [name for name in files if "down.sql" not in name]


def test_settings_of_statements_that_stay_are_kept(tmp_path: Path, production: Snapshot) -> None:
    """A SET LOCAL ends with the transaction that a fix would end: nothing is written then."""
    file = tmp_path / "migrations" / "001_a.sql"
    file.parent.mkdir()
    file.write_text(f"-- +goose Up\nSET LOCAL lock_timeout = '2s';\n{INDEX}\n{COLUMN}\n")
    text = file.read_text()
    report = prove([tmp_path], snapshot=production, select=RULES[:1], fix=True)
    (finding,) = report.findings
    assert file.read_text() == text
    assert finding.fix is not None
    assert finding.fix.proofs[-1].verdict == "unchecked"
    assert report.proofs[-1].verdict == "unchecked"


def test_fix_that_is_refuted_does_not_hinder_another(tmp_path: Path, production: Snapshot) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    first = f"-- +goose Up\nSET LOCAL lock_timeout = '2s';\n{INDEX}\n{COLUMN}\n"
    (folder / "001_a.sql").write_text(first)
    (folder / "002_b.sql").write_text(f"-- +goose Up\n{INDEX.replace('status_', 'other_')}\n")
    report = prove([tmp_path], snapshot=production, select=RULES[:1], fix=True)
    assert [item.location.path[-9:] for item in report.findings] == ["001_a.sql"]
    assert (folder / "001_a.sql").read_text() == first
    assert (folder / "002_b.sql").read_text() == (
        "-- +goose NO TRANSACTION\n-- +goose Up\n-- build the index while writes go on\n"
        "CREATE INDEX CONCURRENTLY orders_other_idx ON orders (status);\n"
    )


def test_fix_whose_place_is_not_sure_does_not_hinder_another(
    tmp_path: Path, production: Snapshot
) -> None:
    file = tmp_path / "migrations" / "1_a.sql"
    file.parent.mkdir()
    other = INDEX.replace("status_", "other_")
    file.write_text(f"{INDEX} SELECT 1;\n{other}\n")
    report = prove([tmp_path], snapshot=production, select=RULES[:1], fix=True)
    (finding,) = report.findings
    assert finding.location.line == 1
    assert finding.fix is not None
    assert [item.claim for item in finding.fix.proofs][-1] == "the fix is written into 1_a.sql"
    assert file.read_text() == (
        f"{INDEX} SELECT 1;\n-- build the index while writes go on\n"
        "CREATE INDEX CONCURRENTLY orders_other_idx ON orders (status);\n"
    )


@pytest.mark.parametrize("moment", ["running the edited files", "writing the edited files"])
def test_nothing_is_written_where_the_file_has_changed_meanwhile(
    moment: str, tmp_path: Path, production: Snapshot
) -> None:
    file = tmp_path / "migrations" / "1_a.sql"
    file.parent.mkdir()
    file.write_text(INDEX)

    def change(doing: str) -> None:
        if doing == moment:
            file.write_text(f"-- mine\n{INDEX}")

    run = partial(prove, [tmp_path], snapshot=production, select=RULES, fix=True, progress=change)
    if moment == "writing the edited files":
        with pytest.raises(InputError, match="changed since it was read"):
            run()
    else:
        assert [item.rule for item in run().findings] == [RULES[0]]
    assert file.read_text() == f"-- mine\n{INDEX}"
