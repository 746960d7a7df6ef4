"""File lengths and first pages of a twin, read back by a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dbspecialist.facts.statistics import RelationStatistics
from dbspecialist.twins.cluster import Cluster, start_cluster
from dbspecialist.twins.sizes import RelationFile, relation_files, set_sizes, tree_level

GIB = 2**30


def relation(name: str, pages: int, level: int | None = None, **figures: int) -> RelationStatistics:
    return RelationStatistics(
        name, "table", pages, pages * 50.0, tree_level=level, metapage=figures
    )


RELATIONS = (
    relation("public.item", 131_072 * 2 + 77),
    relation("public.item_pkey", 300_000, 3),
    relation("public.item_one", 2, 0),
    relation("public.item_words", 90_000, total_pages=90_000, entry_pages=700, data_pages=89_000,
             entries=123_456, pending_pages=5),
    relation("public.item_brin", 40),
    relation("public.item_hash", 5_000),
    relation("public.item_gist", 9_000),
    relation("public.item_spgist", 8_000),
)  # fmt: skip


@pytest.fixture(scope="module")
def sized() -> Iterator[Cluster]:
    """A server whose files were extended while it was down."""
    with start_cluster() as cluster:
        with cluster.connect() as connection:
            connection.execute("""
                CREATE EXTENSION pageinspect;
                CREATE TABLE item (id bigint PRIMARY KEY, word text, words tsvector,
                    span int4range);
                CREATE INDEX item_one ON item (word);
                CREATE INDEX item_words ON item USING gin (words);
                CREATE INDEX item_brin ON item USING brin (id) WITH (pages_per_range = 8);
                CREATE INDEX item_hash ON item USING hash (word);
                CREATE INDEX item_gist ON item USING gist (span);
                CREATE INDEX item_spgist ON item USING spgist (word)
            """)
            files = relation_files(connection, RELATIONS)
        cluster.stop()
        set_sizes(cluster.data, files)
        cluster.start()
        yield cluster


@pytest.mark.parametrize("item", RELATIONS, ids=lambda item: item.relation)
def test_length_is_the_snapshots(sized: Cluster, item: RelationStatistics) -> None:
    with sized.connect() as connection:
        row = connection.execute("SELECT pg_relation_size(%s) / 8192", [item.relation])
        assert row.fetchone() == (item.pages,)


def test_lengths_take_no_room_on_disk(sized: Cluster) -> None:
    used = sum(path.lstat().st_blocks * 512 for path in sized.folder.rglob("*"))
    apparent = sum(path.lstat().st_size for path in sized.folder.rglob("*"))
    assert apparent > 4 * GIB
    assert used < 64 * 2**20


def test_btree_has_its_height_and_one_valid_page_a_level(sized: Cluster) -> None:
    with sized.connect() as connection:
        meta = connection.execute(
            "SELECT root, level, fastroot, fastlevel FROM bt_metap('item_pkey')"
        ).fetchone()
        pages = connection.execute(
            "SELECT (bt_page_stats('item_pkey', n)).* FROM generate_series(1, 4) AS n"
        )
        shown = [(row[0], row[1], row[2], row[10]) for row in pages]
        downlink = connection.execute(
            "SELECT ctid::text, itemlen FROM bt_page_items('item_pkey', 1)"
        ).fetchall()
    assert meta == (1, 3, 1, 3)
    assert shown == [(1, "r", 1, 2), (2, "i", 1, 0), (3, "i", 1, 0), (4, "l", 0, 1)]
    assert downlink == [("(2,0)", 8)]


def test_lookup_in_a_sized_btree_finds_nothing(sized: Cluster) -> None:
    with sized.connect() as connection:
        connection.execute("SET enable_seqscan = off")
        assert connection.execute("SELECT * FROM item WHERE id = 7").fetchall() == []
        assert connection.execute("SELECT min(id), max(id) FROM item").fetchone() == (None, None)


def test_btree_of_level_zero_is_a_leaf_root(sized: Cluster) -> None:
    with sized.connect() as connection:
        meta = connection.execute("SELECT root, level FROM bt_metap('item_one')").fetchone()
        stats = connection.execute("SELECT type FROM bt_page_stats('item_one', 1)").fetchone()
    assert (meta, stats) == ((1, 0), ("l",))


def test_gin_counters_are_the_snapshots(sized: Cluster) -> None:
    with sized.connect() as connection:
        row = connection.execute("""
            SELECT n_pending_pages, n_total_pages, n_entry_pages, n_data_pages, n_entries, version
              FROM gin_metapage_info(get_raw_page('item_words', 0))
        """).fetchone()
    assert row == (5, 90_000, 700, 89_000, 123_456, 2)


def test_brin_range_map_is_as_long_as_its_table_needs(sized: Cluster) -> None:
    with sized.connect() as connection:
        row = connection.execute("""
            SELECT pagesperrange, lastrevmappage
              FROM brin_metapage_info(get_raw_page('item_brin', 0))
        """).fetchone()
    assert row == (8, 25)  # 262,221 blocks, 8 a range, 1,360 ranges a page


def test_rows_can_be_written_to_a_sized_table(sized: Cluster) -> None:
    with sized.connect() as connection:
        with connection.transaction(force_rollback=True):
            connection.execute("INSERT INTO item VALUES (1, 'a'), (2, 'b')")
            rows = connection.execute("SELECT word FROM item WHERE id = 2").fetchall()
        assert rows == [("b",)]


def test_set_sizes_makes_no_file_shorter(tmp_path: Path) -> None:
    (tmp_path / "1").write_bytes(b"x" * 8192 * 3)
    set_sizes(tmp_path, [RelationFile("1", "heap", 2)])
    assert (tmp_path / "1").stat().st_size == 8192 * 3


def test_set_sizes_fills_segments_before_the_last(tmp_path: Path) -> None:
    (tmp_path / "1").touch()
    set_sizes(tmp_path, [RelationFile("1", "heap", 131_072 * 2)])
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert sizes == {"1": GIB, "1.1": GIB}


@pytest.mark.parametrize(
    ("pages", "level"), [(2, 0), (3, 1), (286, 1), (288, 2), (81_000, 2), (82_000, 3)]
)
def test_tree_level_of_a_bigint_key_follows_the_length(pages: int, level: int) -> None:
    assert tree_level(RelationStatistics("i", "index", pages, 0.0), 8) == level


def test_known_tree_level_grows_by_the_estimate_with_scale() -> None:
    known = RelationStatistics("i", "index", 280, 0.0, tree_level=2)  # one above the estimate
    assert tree_level(known, 8) == 2
    assert tree_level(known, 8, scale=1000) == 4


def test_estimated_levels_are_those_of_real_indexes(cluster: Cluster) -> None:
    with cluster.connect() as admin:
        admin.execute("CREATE DATABASE levels")
    with cluster.connect("levels") as connection:
        connection.execute("""
            CREATE EXTENSION pageinspect;
            CREATE TABLE t AS SELECT n, n::text || repeat('x', 40) AS s, n % 7 AS few, now() AS at
              FROM generate_series(1, 150000) AS n;
            CREATE INDEX t_n ON t (n); CREATE INDEX t_s ON t (s); CREATE INDEX t_few ON t (few);
            CREATE INDEX t_two ON t (few, s); CREATE INDEX t_lower ON t (lower(s));
            CREATE INDEX t_part ON t (n) WHERE few = 3; ANALYZE t
        """)
        rows = connection.execute("""
            SELECT oid::regclass::text, pg_relation_size(oid) / 8192,
                   (bt_metap(oid::regclass::text)).level
              FROM pg_class WHERE relname LIKE 't\\_%' ORDER BY 1
        """).fetchall()
        unknown = [RelationStatistics(name, "index", pages, 150_000.0) for name, pages, _ in rows]
        estimated = [file.level for file in relation_files(connection, unknown)]
    with cluster.connect() as admin:
        admin.execute("DROP DATABASE levels")
    assert estimated == [level for _, _, level in rows]
