"""One page for each table of a stage, which stands for all of production's.

The planner multiplies the density of pg_class with the file's pages (PostgreSQL source,
`estimate_rel_size`), so its estimates of rows are production's while nothing large is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg

from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.sizes import data_file, give_page

_SIZES = """
INSERT INTO dbs_twin.sizes
SELECT c.oid, c.reltuples, c.relnatts, c.relnatts
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.oid >= 16384 AND c.reltuples > 0
  AND n.nspname NOT IN ('dbs_twin', 'pg_toast', 'pg_catalog', 'information_schema');
UPDATE pg_class SET relpages = 1 WHERE oid IN (SELECT relation FROM dbs_twin.sizes)
"""

#: What observe() does after each statement: nothing is noted, tables have production's rows.
_SETTLED = """
TRUNCATE dbs_twin.events;
UPDATE pg_class c SET reltuples = s.tuples, relpages = 1
FROM dbs_twin.sizes s
WHERE c.oid = s.relation AND (c.reltuples <> s.tuples OR c.relpages <> 1)
"""

_FILES = """
SELECT pg_relation_filepath(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.oid >= 16384 AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('dbs_twin', 'pg_toast')
"""


def set_one_page(cluster: Cluster, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Give every table that has rows in production one page, which stands for all."""
    connection.execute(_SIZES)
    paths = connection.execute("SELECT pg_relation_filepath(relation) FROM dbs_twin.sizes")
    _lengthen(cluster, paths.fetchall())


def _lengthen(cluster: Cluster, paths: Iterable[tuple[str]]) -> None:
    for (path,) in paths:
        give_page(data_file(cluster.data, path))


def settle(cluster: Cluster, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Bring a database in which migrations ran unobserved to where an observer leaves it."""
    connection.execute(_SETTLED)
    _lengthen(cluster, connection.execute(_FILES).fetchall())
