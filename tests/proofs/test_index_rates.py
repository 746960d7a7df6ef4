from pathlib import Path

import pytest

from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.statistics import ColumnStatistics
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.proofs import measuring
from dbspecialist.proofs.index_rates import index_rates, read_rate
from dbspecialist.twins.cluster import Cluster

BTREE = 4_000_000.0


def run_with(definition: str, type_: str = "text", width: int = 20) -> Run:
    index = SchemaObject(
        "index", "public.i", "public.t", {"definition": f"CREATE INDEX i ON public.t {definition}"}
    )
    column = SchemaObject("column", "public.t.v", "public.t", {"type": type_})
    after = Catalogue((column, index))
    snapshot = Snapshot(
        *("postgresql", 180000, "shop", "", "", Catalogue()),
        columns=(ColumnStatistics("public.t", "v", False, 0.0, width, -1.0),),
    )
    return Run((Trial(Migration("1", "1.sql", "sql"), (), Catalogue(), after),), snapshot)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where rates are kept."""
    monkeypatch.setattr(measuring, "cache_folder", lambda: tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("column", "definition", "kept_as"),
    [
        (("text", 20), "USING gist (v gist_trgm_ops)", "gist-gist_trgm_ops-text-32"),
        (
            ("character varying(9)", 9),
            "USING gin (v public.gin_trgm_ops)",
            "gin-gin_trgm_ops-text-16",
        ),
        (("text", 300), "USING gin (to_tsvector('english'::regconfig, v))", "gin--tsvector-512"),
        (("jsonb", 90), "USING gin (v jsonb_path_ops)", "gin-jsonb_path_ops-jsonb-128"),
        (("timestamp with time zone", 8), "USING brin (v)", "brin--timestamp-16"),
        (("some.domain", 8), "USING hash (v)", "hash--bigint-16"),
    ],
)
def test_the_rate_is_of_the_operator_class_and_the_width(
    column: tuple[str, int], definition: str, kept_as: str, cluster: Cluster, folder: Path
) -> None:
    (folder / f"rates-{cluster.version}-index-1-{kept_as}.json").write_text('{"rows": 125.0}')
    rate = index_rates(run_with(definition, *column), cluster, BTREE)
    assert rate("public.i") == 125.0


def test_each_key_adds_its_time(cluster: Cluster, folder: Path) -> None:
    kept = folder / f"rates-{cluster.version}-index-1-gin-gin_trgm_ops-text-32.json"
    kept.write_text('{"rows": 100.0}')
    rate = index_rates(run_with("USING gin (v gin_trgm_ops, v gin_trgm_ops)"), cluster, BTREE)
    assert rate("public.i") == 50.0


def test_b_trees_and_unknown_indexes_are_not_measured(cluster: Cluster, folder: Path) -> None:
    rate = index_rates(run_with("USING btree (v)"), cluster, BTREE)
    assert (rate("public.i"), rate("public.other")) == (BTREE, BTREE)
    assert not list(folder.iterdir())


def test_rates_are_measured_on_the_engine_and_kept(cluster: Cluster, folder: Path) -> None:
    asked = ("gist", "gist_trgm_ops", "text", 16)
    found = read_rate(cluster, *asked)
    assert found > 0
    assert read_rate(cluster, *asked) == found, "it is read from the file"
    # This server lacks the operator class: another of the access method stands for it.
    assert read_rate(cluster, "gist", "gist_strange_ops", "text", 16) > 0
    with cluster.connect() as admin:
        left = admin.execute("SELECT FROM pg_database WHERE datname = 'dbs_index_rates'").fetchall()
    assert left == []
