"""Snapshot files whose SQL is not a schema's: it is run by a superuser, who is held."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.twins.confinement import server_is_held
from dbspecialist.twins.installation import find_installation
from dbspecialist.twins.sizes import data_file
from dbspecialist.twins.stage import open_stage

PROGRAM = Path(find_installation().program("postgres"))

EMPTY = Snapshot("postgresql", 180000, "shop", "a stranger", "2026-01-01T00:00:00", Catalogue())
FUNCTION = """CREATE FUNCTION public.f() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN {} RETURN 1; END $$"""


@pytest.mark.skipif(not server_is_held(PROGRAM), reason="this kernel has no Landlock")
@pytest.mark.parametrize(
    "create",
    [
        "CREATE TABLE public.t (a int); COPY (SELECT 1) TO PROGRAM 'touch {folder}/made'",
        "CREATE TABLE public.t (a int); COPY (SELECT 1) TO '{folder}/made'",
        "CREATE TABLE public.t AS SELECT pg_read_file('{folder}/secret') AS a",
        "CREATE TABLE public.t (a text); COPY public.t FROM '{folder}/secret'",
        FUNCTION.format("COPY (SELECT 1) TO ''{folder}/made'';").replace("''", "'")
        + "; CREATE TABLE public.t (a int); CREATE INDEX ON public.t (a) WHERE public.f() = 1",
        "CREATE FUNCTION public.f(text) RETURNS text LANGUAGE internal AS 'pg_read_file_all';"
        "CREATE TABLE public.t AS SELECT public.f('{folder}/secret') AS a",
        "ALTER SYSTEM SET archive_command = 'touch {folder}/made'",
    ],
)
def test_sql_of_a_snapshot_reaches_no_file_or_program(tmp_path: Path, create: str) -> None:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o711)
    folder = tmp_path / "outside"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "secret").write_text("secret")
    item = SchemaObject("table", "public.t", create=create.replace("{folder}", str(folder)))
    snapshot = replace(EMPTY, catalogue=Catalogue((item,)))
    with open_stage(snapshot) as stage, stage.admin(stage.template) as admin:
        rows = admin.execute("SELECT to_regclass('public.t')").fetchone()
        held = rows is not None and rows[0] is not None
        seen = admin.execute("SELECT * FROM public.t").fetchall() if held else []
    assert [path.name for path in folder.iterdir()] == ["secret"]
    assert ("secret",) not in seen


def test_owner_of_an_object_is_a_name_and_no_sql() -> None:
    owner = "x NOLOGIN; CREATE ROLE boss SUPERUSER LOGIN"
    item = SchemaObject(
        "table", "public.t", attributes={"owner": owner}, create="CREATE TABLE public.t (a int)"
    )
    snapshot = replace(EMPTY, catalogue=Catalogue((item,)))
    with open_stage(snapshot) as stage, stage.admin(stage.template) as admin:
        assert admin.execute("SELECT count(*) FROM pg_roles WHERE rolname = 'boss'").fetchone() == (
            0,
        )


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "base/../../x", "", "a b"])
def test_file_that_a_server_tells_of_is_in_its_folder(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError, match="not its own"):
        data_file(tmp_path, path)
    assert data_file(tmp_path, "base/5/16384") == tmp_path / "base/5/16384"
    assert list(tmp_path.iterdir()) == []
