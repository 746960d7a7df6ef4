from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from dbspecialist.cli import main
from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.migrate_project import Wanted
from dbspecialist.tasks.migrate_squash import squash
from dbspecialist.toolchains import find_projects

ONE = "create table p (id serial primary key, name text not null);\n"
TWO = "insert into p (name) values ('a; b'), ('c'); create table q (p int references p);\n"
THREE = "alter table q add note text; insert into q (p) select id from p limit 1;\n"
FOUR = "create index concurrently q_p on q (p);\n"


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def pairs(root: Path, *texts: str) -> Path:
    files = {f"{n}_x.up.sql": text for n, text in enumerate(texts, 1)}
    return write(root, {**files, **{name.replace("up", "down"): "select 1;" for name in files}})


def git(root: Path) -> None:
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "x")):
        given = ("-c", "user.name=a", "-c", "user.email=a@b")
        subprocess.run(["git", "-C", str(root), *given, *words], check=True)


def test_range_becomes_its_last_revision_with_the_rows_that_it_makes(tmp_path: Path) -> None:
    pairs(tmp_path, ONE, TWO, THREE, FOUR)
    git(tmp_path)
    found = squash("", "3", Wanted(tmp_path, title="Baseline", write=True))
    assert [(item.claim, item.verdict) for item in found.proofs] == [
        ("the script ends in the same catalogue", "proven"),
        ("pg_dump --schema-only writes the same text", "proven"),
        ("each table holds as many rows after the whole history", "proven"),
    ]
    assert sorted(path.name for path in tmp_path.glob("*.sql")) == [
        "3_x.down.sql",
        "3_x.up.sql",
        "4_x.down.sql",
        "4_x.up.sql",
    ]
    text = (tmp_path / "3_x.up.sql").read_text()
    assert "insert into public.p (id, name) values (1, 'a; b');" in text
    assert "select pg_catalog.setval('public.p_id_seq', 2, true);" in text
    assert found.notes[0] == "a database that has 3_x has it too; bring those between to 3_x first"


def test_range_in_the_middle_says_that_it_does_nothing_to_rows(tmp_path: Path) -> None:
    pairs(tmp_path, ONE, "alter table p add a int;", "alter table p add b int; update p set b = 1;")
    found = squash("2", "3", Wanted(tmp_path))
    assert found.proven
    assert found.notes[1:] == (
        "it does nothing to rows that were there: bring databases that have not 3_x to it first",
        "2_x.up.sql goes",
        "2_x.down.sql goes",
    )
    assert (tmp_path / "2_x.up.sql").exists()


def test_range_that_writes_rows_into_earlier_tables_is_refused(tmp_path: Path) -> None:
    pairs(tmp_path, ONE, TWO, THREE)
    with pytest.raises(InputError, match=r"^2_x.up.sql: the range writes rows into public.p, publ"):
        squash("2", "3", Wanted(tmp_path))


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("3", "1", "3_x to 1_x is no line of revisions"),
        ("2", "2", "the range is one revision"),
        ("", "9", "there is no revision 9"),
    ],
)
def test_range_that_is_none_is_refused(tmp_path: Path, first: str, last: str, said: str) -> None:
    pairs(tmp_path, ONE, TWO, THREE)
    with pytest.raises(InputError, match=said):
        squash(first, last, Wanted(tmp_path))


def test_files_that_git_does_not_have_are_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs(tmp_path, ONE, TWO)
    command = ["migrate", "squash", "..2", "--project", str(tmp_path), "--write"]
    assert main(command) == 2
    assert "it is in no git repository; give --force to go on" in capsys.readouterr().err
    git(tmp_path)
    (tmp_path / "1_x.up.sql").write_text(ONE + "\n")
    assert main(command) == 2
    assert "1_x.up.sql: git does not have this content" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.glob("*.up.sql")) == ["1_x.up.sql", "2_x.up.sql"]
    assert main([*command, "--force", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["written"] == ["2_x.up.sql", "2_x.down.sql"]
    assert sorted(path.name for path in tmp_path.glob("*.up.sql")) == ["2_x.up.sql"]


def test_revisions_of_alembic_become_one_that_follows_what_the_first_followed(
    tmp_path: Path,
) -> None:
    env = (
        "from alembic import context\nfrom sqlalchemy import create_engine, pool\n"
        'with create_engine("postgresql+psycopg://nobody@unreachable.invalid/x",'
        " poolclass=pool.NullPool).connect() as connection:\n"
        "    context.configure(connection=connection)\n"
        "    with context.begin_transaction():\n        context.run_migrations()\n"
    )
    text = "from alembic import op\nrevision = '{}'\ndown_revision = {}\n\n\ndef upgrade():\n"
    text += "    op.execute({!r})\n"
    steps = [("a", None, ONE), ("b", "a", TWO), ("c", "b", "create table r ()"), ("d", "c", "")]
    files = {
        f"m/versions/{name}.py": text.format(name, repr(down), sql or "select 1")
        for name, down, sql in steps
    }
    write(tmp_path, {"alembic.ini": "[alembic]\nscript_location = m\n", "m/env.py": env, **files})
    found = squash("a", "c", Wanted(tmp_path))
    assert found.proven
    (edit,) = found.files
    assert edit.path == "m/versions/c.py"
    assert "revision = 'c'\ndown_revision = None\n" in edit.text
    branch = text.format("e", "'b'", "select 1")
    write(tmp_path, {"m/versions/e.py": branch})
    with pytest.raises(InputError, match=r"^m/versions/e.py: it follows b, which is in the range"):
        squash("a", "c", Wanted(tmp_path))


def test_prisma_gets_a_migration_that_databases_are_told_of(tmp_path: Path) -> None:
    folder = "prisma/migrations"
    files = {
        f"{folder}/1_p/migration.sql": ONE,
        f"{folder}/2_q/migration.sql": TWO,
        f"{folder}/migration_lock.toml": 'provider = "postgresql"\n',
        "package.json": json.dumps({"devDependencies": {"prisma": "6.19.0"}}),
    }
    write(tmp_path, files)
    git(tmp_path)
    found = squash("1_p", "2_q", Wanted(tmp_path, title="All of it", write=True))
    assert found.proven
    assert found.written == (
        f"{folder}/2_all_of_it/migration.sql",
        f"{folder}/2_all_of_it/down.sql",
    )
    assert "prisma migrate resolve --applied 2_all_of_it" in found.notes[0]
    (project,) = find_projects(tmp_path)
    assert [item.revision for item in project.history()] == ["2_all_of_it"]
    assert not (tmp_path / folder / "1_p").exists()


def test_flyway_gets_a_baseline_and_keeps_its_versions(tmp_path: Path) -> None:
    files = {"flyway.conf": "flyway.locations=filesystem:sql\n"}
    files |= {"sql/V1__p.sql": ONE, "sql/V1.1__q.sql": TWO, "sql/V2__r.sql": THREE}
    write(tmp_path, files)
    found = squash("", "V1.1", Wanted(tmp_path, title="Base", write=True))
    assert found.proven
    assert found.written == ("sql/B1.1__base.sql",)
    (project,) = find_projects(tmp_path)
    assert [item.revision for item in project.history()] == ["B1.1", "V2"]


def test_flyway_baseline_begins_at_the_first_version(tmp_path: Path) -> None:
    files = {"flyway.conf": "flyway.locations=filesystem:sql\n", "sql/V1__p.sql": ONE}
    write(tmp_path, {**files, "sql/V2__q.sql": "create table s ();", "sql/V3__r.sql": "select 1;"})
    with pytest.raises(InputError, match=r"V2__q.sql: a baseline stands for all that precedes it"):
        squash("V2", "V3", Wanted(tmp_path))
