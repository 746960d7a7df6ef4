from pathlib import Path

import pytest
from node_projects import write
from recording import Database, Recording, names, recording

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.toolchains.base import Mark, MigrationFailed
from dbspecialist.toolchains.flyway import detect, detect_all
from dbspecialist.toolchains.flyway.project import FlywayProject
from dbspecialist.toolchains.flyway.scripts import checksum
from dbspecialist.toolchains.pending import pending
from dbspecialist.twins.cluster import Cluster


@pytest.fixture
def seen(cluster: Cluster, database: Database) -> Recording:
    return recording(cluster, database)


def project(root: Path, files: dict[str, str], folder: str = "db/migration") -> FlywayProject:
    write(root, {name if "/" in name else f"{folder}/{name}": files[name] for name in files})
    found = detect(root)
    assert found is not None
    return found


def test_history_orders_versions_as_numbers_and_repeatables_last(tmp_path: Path) -> None:
    files = {
        f"{name}.sql": "select 1"
        for name in ("R__views", "V10__c", "V2_1__b", "V2__a_table", "V1.5__x", "U2__a_table")
    }
    history = project(tmp_path, files).history()
    assert [item.revision for item in history] == ["V1.5", "V2", "V2.1", "V10", "R__views"]
    assert [item.reversible for item in history] == [False, True, False, False, False]
    assert (history[1].title, history[1].path) == ("a table", "db/migration/V2__a_table.sql")
    assert history[3].parents == ("V2.1",)


def test_history_of_one_version_twice_is_an_input_error(tmp_path: Path) -> None:
    found = project(tmp_path, {"V1__a.sql": "select 1", "V1.0__b.sql": "select 1"})
    with pytest.raises(InputError, match=r"give one of them another version"):
        found.history()


def test_history_starts_at_the_last_baseline(tmp_path: Path) -> None:
    files = {f"{name}__x.sql": "select 1" for name in ("V1", "V2", "B2", "V3", "B1")}
    found = project(tmp_path, files)
    assert [item.revision for item in found.history()] == ["B2", "V3"]
    applied = found.applied({"public.flyway_schema_history": ("V1__x.sql", "V2__x.sql")})
    assert [item.revision for item in applied] == ["B2"]


def test_detect_reads_locations_of_a_configuration(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "flyway.conf").write_text(
        "# settings\nflyway.locations=filesystem:scripts\nflyway.placeholders.Role=app\n"
        "flyway.schemas=shop,other\nflyway.mixed=true\n"
    )
    found = project(tmp_path, {"scripts/V1__a.sql": "select 1"})
    assert found.config.locations == (tmp_path / "scripts",)
    assert (found.config.placeholders, found.config.schema) == ({"role": "app"}, "shop")
    assert found.config.mixed is True


def test_detect_reads_toml_and_spring(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "flyway.toml").write_text(
        '[flyway]\nlocations = ["filesystem:sql"]\n[flyway.placeholders]\nx = "1"\n'
    )
    resources = tmp_path / "b" / "src" / "main" / "resources"
    resources.mkdir(parents=True)
    (resources / "application.properties").write_text(
        "spring.flyway.init-sql=set lock_timeout = '3s'\n"
        "spring.flyway.locations=classpath:db/{vendor}\n"
    )
    files = {"a/sql/V1__a.sql": "", "b/src/main/resources/db/postgresql/V1__a.sql": ""}
    project(tmp_path, files)
    first, second = detect_all(tmp_path)
    assert (first.config.locations, first.config.placeholders) == (
        (tmp_path / "a" / "sql",),
        {"x": "1"},
    )
    assert second.config.locations == (resources / "db" / "postgresql",)
    assert second.config.first == "set lock_timeout = '3s'"


def test_detect_leaves_other_databases_out(tmp_path: Path) -> None:
    files = {"db/mysql/V1__a.sql": "", "db/postgresql/V1__a.sql": ""}
    found = project(tmp_path, files)
    assert found.config.locations == (tmp_path / "db" / "postgresql",)


def test_upgrade_replaces_placeholders(
    tmp_path: Path, database: Database, seen: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLYWAY_PLACEHOLDERS_NAME", "thing")
    text = "create table ${flyway:defaultSchema}.${name}();\ncomment on table thing is '${NAME}'"
    found = project(tmp_path, {"V1__a.sql": text})
    with found.runner(seen.target) as runner:
        runner.upgrade(found.history())
    assert names(database) == ["thing"]
    assert seen.lines() == [("V1", None), ("V1", 1), ("V1", 2), ("V1", None)]


def test_placeholder_without_a_value_is_an_input_error(tmp_path: Path) -> None:
    found = project(tmp_path, {"V1__a.sql": "select 1;\nselect '${gone}'"})
    with pytest.raises(InputError) as caught:
        found.history()
    assert str(caught.value).endswith(
        "V1__a.sql:2: no value is given for the placeholder ${gone}; set"
        " FLYWAY_PLACEHOLDERS_GONE, or placeholders.gone in Flyway's configuration"
    )


def test_upgrade_wraps_a_script_in_a_transaction(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    files = {"V1__a.sql": "create table a();", "V2__b.sql": "create table b(); select 1/0;"}
    found = project(tmp_path, files)
    with found.runner(seen.target) as runner, pytest.raises(MigrationFailed) as caught:
        runner.upgrade(found.history())
    assert caught.value.revision == "V2"
    assert names(database) == ["a"]


def test_upgrade_runs_a_concurrent_index_without_a_transaction(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    files = {
        "V1__a.sql": "create table a(b int);",
        "V2__b.sql": "-- alone\ncreate index concurrently i on a(b);",
        "V3__c.sql": "drop index /* now */ concurrently i;",
    }
    found = project(tmp_path, files)
    assert [item.transactional for item in found.history()] == [True, False, False]
    assert "transactional.lock is not false" in found.notes[0]
    with found.runner(seen.target) as runner:
        runner.upgrade(found.history())
    assert names(database) == ["a"]


MIXED = "set lock_timeout = '1s';\ncreate index concurrently i on a(b);"


def test_upgrade_refuses_to_mix_as_flyway_does(tmp_path: Path, seen: Recording) -> None:
    found = project(tmp_path, {"V1__a.sql": MIXED})
    with found.runner(seen.target) as runner, pytest.raises(MigrationFailed) as caught:
        runner.upgrade(found.history())
    assert caught.value.reason == (
        "Detected both transactional and non-transactional statements within the same migration"
        " (even though mixed is false). Offending statement found at line 2"
    )


@pytest.mark.parametrize(
    "extra",
    [
        {"flyway.conf": "flyway.mixed=true\nflyway.locations=filesystem:db/migration\n"},
        {"db/migration/V2__b.sql.conf": "executeInTransaction=false\n"},
    ],
)
def test_upgrade_mixes_where_it_is_allowed(
    tmp_path: Path, database: Database, seen: Recording, extra: dict[str, str]
) -> None:
    for name, text in extra.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = project(tmp_path, {"V1__a.sql": "create table a(b int);", "V2__b.sql": MIXED})
    with found.runner(seen.target) as runner:
        runner.upgrade(found.history())
    assert names(database) == ["a", "i"]


def test_upgrade_of_a_group_is_one_transaction(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    (tmp_path / "flyway.conf").write_text(
        "flyway.group=true\nflyway.locations=filesystem:db/migration\n"
    )
    found = project(tmp_path, {"V1__a.sql": "create table a();", "V2__b.sql": "select 1/0;"})
    with found.runner(seen.target) as runner, pytest.raises(MigrationFailed):
        runner.upgrade(found.history())
    assert names(database) == []


def test_upgrade_uses_the_default_schema_and_initial_sql(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    (tmp_path / "flyway.conf").write_text(
        "flyway.defaultSchema=shop\nflyway.locations=filesystem:db/migration\n"
        "flyway.initSql=set application_name = 'begun'\n"
    )
    text = "create table a as select current_setting('application_name') as name;"
    found = project(tmp_path, {"V1__a.sql": text})
    with found.runner(seen.target) as runner:
        runner.upgrade(found.history())
    assert database.execute("select name from shop.a").fetchall() == [("begun",)]
    assert seen.marks[0] == Mark("", None, "setup")


def test_downgrade_runs_the_undo_script(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    files = {"V1__a.sql": "create table a();", "U1__a.sql": "drop table a;", "V2__b.sql": ""}
    found = project(tmp_path, files)
    first, second = found.history()
    with found.runner(seen.target) as runner:
        runner.upgrade([first])
        runner.downgrade(first)
        with pytest.raises(MigrationFailed, match="no undo script"):
            runner.downgrade(second)
    assert names(database) == []


def test_notes_tell_of_callbacks(tmp_path: Path) -> None:
    files = {"V1__a.sql": "", "afterMigrate__views.sql": "", "afterMigrateError.sql": "select 1/0"}
    assert project(tmp_path, files).notes == (
        "the callback db/migration/afterMigrate__views.sql runs with the migrations,"
        " and is told with them",
    )


EVENTS = (
    *("beforeValidate", "afterValidate", "createSchema", "beforeMigrate", "beforeEachMigrate"),
    *("beforeEachMigrateStatement", "afterEachMigrateStatement", "afterEachMigrate"),
    *("afterVersioned", "beforeRepeatables", "afterMigrateApplied", "afterMigrate"),
)


def test_callbacks_run_in_the_order_and_transactions_of_flyway(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    note = "insert into notes (what) values ('{}');"
    database.execute(
        "create table notes (id int generated always as identity, what text,"
        " transaction xid8 default pg_current_xact_id(), session int default pg_backend_pid())"
    )
    files = {f"{event}.sql": note.format(event) for event in EVENTS}
    files["afterMigrate__again.sql"] = note.format("afterMigrate again")
    scripts = {f"{name}.sql": note.format(name[:2]) for name in ("V1__a", "V2__b", "R__r")}
    found = project(tmp_path, files | scripts)
    with found.runner(seen.target) as runner:
        runner.upgrade(found.history())
    rows = database.execute(
        "select array_agg(what order by id) from notes group by transaction order by min(id)"
    ).fetchall()
    around = ("beforeEachMigrate", "beforeEachMigrateStatement", "{}", *EVENTS[6:8])
    assert [tuple(row[0]) for row in rows] == [
        *((event,) for event in EVENTS[:4]),
        *(tuple(item.format(name) for item in around) for name in ("V1", "V2")),
        ("afterVersioned",),
        ("beforeRepeatables",),
        tuple(item.format("R_") for item in around),
        *(("afterMigrateApplied",), ("afterMigrate",), ("afterMigrate again",)),
    ]
    told = [(item.revision, item.line) for item in seen.marks if item.line is not None]
    assert told == [("V1", 1), ("V2", 1), ("R__r", 1)]


BASE_CLASS = "public class V2__Fill_names extends BaseJavaMigration { }"
INTERFACE = """public class V7_3_Later implements JavaMigration {
  public MigrationVersion getVersion() { return MigrationVersion.fromVersion("2.5"); }
  @Override public boolean canExecuteInTransaction() {
    return false;
  }
}"""


def test_programs_stand_in_the_history_and_are_passed_over(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    resources, java = "app/src/main/resources/db/migration", "app/src/main/java/app/db"
    found = project(
        tmp_path,
        {
            f"{resources}/V1__a.sql": "create table a();",
            f"{resources}/V3__c.sql": "create table c();",
            f"{java}/V2__Fill_names.java": BASE_CLASS,
            f"{java}/V7_3_Later.java": INTERFACE,
            f"{java}/V8__Helper.java": "class V8__Helper { }",
            "app/src/test/java/V9__Try.java": BASE_CLASS,
            "other/src/main/java/V9__Other.java": BASE_CLASS,
        },
    )
    history = found.history()
    assert [(item.revision, item.title, item.transactional) for item in history] == [
        *(("V1", "a", True), ("V2", "Fill names", True), ("V2.5", "Later", False)),
        ("V3", "c", True),
    ]
    assert history[1].not_run == "it is a Java program, which is not run here"
    with found.runner(seen.target) as runner:
        runner.upgrade(history)
        with pytest.raises(MigrationFailed) as caught:
            runner.downgrade(history[1])
    assert caught.value.unchecked
    assert names(database) == ["a", "c"]
    rows = ("V1__a.sql", "app.db.V2__Fill_names")
    applied = found.applied({"public.flyway_schema_history": rows})
    assert [item.revision for item in applied] == ["V1", "V2"]


@pytest.mark.parametrize(
    ("text", "number"),
    # CRC32 of "123456789" is 0xCBF43926 by the definition of the polynomial.
    [("123456789", 0xCBF43926 - (1 << 32)), ("12345\r\n6789\n", 0xCBF43926 - (1 << 32)), ("", 0)],
)
def test_checksum_is_signed_and_ignores_line_ends(text: str, number: int) -> None:
    assert checksum(text) == number


def test_applied_after_a_baseline_counts_what_precedes_it(tmp_path: Path) -> None:
    found = project(tmp_path, {f"V{n}__x.sql": "" for n in (1, 2, 3, 4)})
    rows = ("<< Flyway Baseline >>", "V3__x.sql")
    applied = found.applied({"public.flyway_schema_history": rows})
    assert [item.revision for item in applied] == ["V1", "V2", "V3"]


def test_pending_has_changed_repeatables_and_tells_edited_files(tmp_path: Path) -> None:
    files = {"V1__a.sql": "new", "V2__b.sql": "same", "R__c.sql": "new", "R__d.sql": "same"}
    found = project(tmp_path, files)
    sums = {"V1__a.sql": "1", "V2__b.sql": str(checksum("same")), "R__c.sql": "1"}
    sums["R__d.sql"] = str(checksum("same"))
    table = "public.flyway_schema_history"
    snapshot = Snapshot(
        "postgresql",
        180006,
        "d",
        "s",
        "t",
        Catalogue(),
        revisions={table: tuple(sums)},
        checksums={table: sums},
    )
    divided = pending(found, snapshot)
    assert [item.revision for item in divided.pending] == ["R__c"]
    assert [item.revision for item in divided.edited] == ["V1"]
