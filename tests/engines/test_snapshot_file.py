from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from dbspecialist.engines.snapshot_file import read_snapshot, write_snapshot
from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.role import Role
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.statistics import (
    ColumnStatistics,
    ExtendedStatistics,
    RelationStatistics,
    SequenceState,
)
from dbspecialist.facts.workload import WorkloadStatement

TABLE = SchemaObject("table", "public.t", "", {"owner": "app"}, "CREATE TABLE public.t ()", "")
WHOLE = Snapshot(
    engine="postgresql",
    server_version=150020,
    database="shop",
    source="postgresql://app@db/shop",
    captured_at="2026-01-01T00:00:00Z",
    catalogue=Catalogue((TABLE,)),
    relations=(RelationStatistics("public.t", "table", 7, 300.0, metapage={"entries": 3}),),
    columns=(ColumnStatistics("public.t", "ü", False, 0.1, 4, -1.0, {"correlation": "1"}),),
    extended=(
        ExtendedStatistics("public.s", "public.t", False, most_common=({"values": "{a,NULL}"},)),
    ),
    sequences=(SequenceState("public.q", None, 2**63 - 1, 1),),
    settings={"work_mem": "4096"},
    role_settings={"app@*": {"lock_timeout": "2s"}},
    workload=(WorkloadStatement("SELECT $1", 3, 0.5, 3),),
    revisions={"public.alembic_version": ("a1",)},
    checksums={"public._prisma_migrations": {"1_init": "ff"}},
    unseen=("statistics are not visible",),
    redacted=True,
    roles=(Role("app", ("LOGIN",), ("readers",)),),
)


def test_snapshot_comes_back_equal(tmp_path: Path) -> None:
    write_snapshot(WHOLE, tmp_path / "s")
    assert read_snapshot(tmp_path / "s") == WHOLE


def test_equal_snapshots_give_equal_bytes(tmp_path: Path) -> None:
    other = replace(WHOLE, settings={"b": "2", "a": "1"})
    write_snapshot(other, tmp_path / "one")
    write_snapshot(replace(other, settings={"a": "1", "b": "2"}), tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_nothing_but_the_file_is_left_behind(tmp_path: Path) -> None:
    write_snapshot(WHOLE, tmp_path / "s")
    write_snapshot(WHOLE, tmp_path / "s")
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_every_truncation_is_bad_input(tmp_path: Path) -> None:
    path = tmp_path / "s"
    write_snapshot(WHOLE, path)
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(InputError, match=r"cut short|is not a snapshot|damaged"):
            read_snapshot(path)


def changed(path: Path, **entries: object) -> None:
    write_snapshot(WHOLE, path)
    content = json.loads(gzip.decompress(path.read_bytes())) | entries
    path.write_bytes(gzip.compress(json.dumps(content).encode()))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"version": 2}, "has format version 2, this dbspecialist reads version 1"),
        ({"format": "else"}, "is not a snapshot"),
        ({"relations": {"fields": ["pages"], "rows": [[1]]}}, "is damaged"),
        ({"relations": {"fields": ["pages"], "rows": [[1, 2]]}}, "is damaged"),
        ({"catalogue": None}, "is damaged"),
        ({"columns": []}, "is damaged"),
    ],
)
def test_content_that_cannot_be_used_is_bad_input(
    tmp_path: Path, entries: dict[str, object], message: str
) -> None:
    changed(tmp_path / "s", **entries)
    with pytest.raises(InputError, match=message):
        read_snapshot(tmp_path / "s")


def test_fields_that_an_older_file_lacks_get_their_defaults(tmp_path: Path) -> None:
    row = {"fields": ["relation", "kind", "pages", "tuples"], "rows": [["public.t", "table", 7, 3]]}
    changed(tmp_path / "s", relations=row)
    assert read_snapshot(tmp_path / "s").relations == (
        RelationStatistics("public.t", "table", 7, 3),
    )


def test_a_file_from_before_roles_were_read_has_none(tmp_path: Path) -> None:
    write_snapshot(WHOLE, tmp_path / "s")
    content = json.loads(gzip.decompress((tmp_path / "s").read_bytes()))
    del content["roles"]
    (tmp_path / "s").write_bytes(gzip.compress(json.dumps(content).encode()))
    assert read_snapshot(tmp_path / "s") == replace(WHOLE, roles=())


@pytest.mark.parametrize("content", [b"", b"CREATE TABLE t ();", gzip.compress(b"[1]", mtime=0)])
def test_other_files_are_not_snapshots(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s").write_bytes(content)
    with pytest.raises(InputError, match="is not a snapshot; make one with: dbs snapshot URL"):
        read_snapshot(tmp_path / "s")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.snapshot: No such file or directory; "):
        read_snapshot(tmp_path / "none.snapshot")


def test_folder_that_is_missing_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file or directory; choose another place"):
        write_snapshot(WHOLE, tmp_path / "none" / "s")


def test_read_only_place_is_bad_input() -> None:
    with pytest.raises(InputError, match="choose another place with --output"):
        write_snapshot(WHOLE, Path("/proc/self/s"))


def test_three_hundred_tables_are_read_as_they_were_written(tmp_path: Path) -> None:
    bounds = "{" + ",".join(f"value number {n}" for n in range(100)) + "}"
    large = replace(
        WHOLE,
        catalogue=Catalogue(
            tuple(
                SchemaObject("column", f"public.t{t}.c{c}", f"public.t{t}", {"type": "text"})
                for t in range(300)
                for c in range(15)
            )
        ),
        columns=tuple(
            ColumnStatistics(
                f"public.t{t}", f"c{c}", False, 0, 8, -1, {"histogram_bounds": f"{t}{c}{bounds}"}
            )
            for t in range(300)
            for c in range(10)
        ),
    )
    write_snapshot(large, tmp_path / "s")
    assert read_snapshot(tmp_path / "s") == large
