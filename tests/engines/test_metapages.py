"""Figures of indexes' first pages, through pageinspect and from the files."""

from __future__ import annotations

from typing import Any

import psycopg

from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.engines.postgresql.metapages import ESTIMATED
from dbspecialist.twins.cluster import Cluster

Connection = psycopg.Connection[tuple[Any, ...]]


def fill(database: Connection) -> None:
    database.execute("""
        CREATE TABLE item (id int PRIMARY KEY, words tsvector);
        INSERT INTO item SELECT n, to_tsvector('simple', 'word' || n % 3000)
          FROM generate_series(1, 20000) AS n;
        CREATE INDEX item_words ON item USING gin (words)
    """)
    database.execute("VACUUM ANALYZE item")
    database.execute("CHECKPOINT")


def test_both_ways_read_the_same_figures(cluster: Cluster, database: Connection) -> None:
    fill(database)
    url = cluster.url(database.info.dbname)
    from_files = capture(url).relation
    database.execute("CREATE EXTENSION pageinspect")
    inspected = capture(url).relation

    assert from_files["public.item_pkey"].tree_level == 1
    assert inspected["public.item_pkey"].tree_level == 1
    figures = dict(from_files["public.item_words"].metapage)
    assert figures == dict(inspected["public.item_words"].metapage)
    assert (figures["entries"], figures["pending_pages"]) == (3000, 0)


def test_role_without_the_right_is_told_that_heights_are_estimated(
    cluster: Cluster, database: Connection
) -> None:
    fill(database)
    database.execute("CREATE ROLE metapages_reader LOGIN")

    snapshot = capture(cluster.url(database.info.dbname, "metapages_reader"))

    database.execute("DROP ROLE metapages_reader")
    assert ESTIMATED in snapshot.unseen
    assert snapshot.relation["public.item_pkey"].tree_level is None
