from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from dbspecialist.advisors.schema_diff.likeness import likeness
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.statistics import ColumnStatistics
from dbspecialist.tasks.migrate import diff
from dbspecialist.tasks.snapshot import snapshot
from dbspecialist.twins.cluster import Cluster

Connection = psycopg.Connection[tuple[object, ...]]


def column(null_frac: float, n_distinct: float, values: str = "{}") -> ColumnStatistics:
    return ColumnStatistics("t", "c", False, null_frac, 4, n_distinct, {"most_common_vals": values})


@pytest.mark.parametrize(
    ("one", "other", "share", "text"),
    [
        (column(0.1, 3, "{a,b}"), column(0.1, 3, "{b,a}"), 1.0, "3 and 3 distinct values"),
        (column(0.0, 10), column(0.9, 10), 0.1, "NULL in 0.0% and 90.0% of the rows"),
        (column(0.0, 4), column(0.0, 2), 0.5, "4 and 2 distinct values"),
        (column(0.0, -1), column(0.0, 0), 1.0, "NULL in 0.0% and 0.0% of the rows"),
        (column(0.0, -1), column(0.0, 2), 0.3, "100% of the rows as many and 2 distinct values"),
        (column(0.0, 2, "{a,b}"), column(0.0, 2, "{c,d}"), 0.0, "0 of 2 most common values"),
    ],
)
def test_least_alike_figure_counts(
    one: ColumnStatistics, other: ColumnStatistics, share: float, text: str
) -> None:
    found = likeness(one, other)
    assert found.share == pytest.approx(share)
    assert text in found.text


def test_column_whose_values_are_alike_is_asked_about(
    cluster: Cluster, database: Connection, tmp_path: Path
) -> None:
    """Both new columns have the type; the second has the values, the first the place."""
    database.execute(
        b"CREATE TABLE t (id int, state text);"
        b"INSERT INTO t SELECT n, 'state ' || n % 7 FROM generate_series(1, 700) n; ANALYZE t"
    )
    url = cluster.url(database.info.dbname)
    snapshot(url, tmp_path / "before.snapshot")
    database.execute(
        b"ALTER TABLE t RENAME COLUMN state TO status; ALTER TABLE t ADD note text;"
        b"ALTER TABLE t ADD other text; UPDATE t SET other = status, status = 'n' || id; ANALYZE t"
    )
    with pytest.raises(InputError) as caught:
        diff(tmp_path / "before.snapshot", url)
    assert str(caught.value).startswith(
        "column public.t.state (text) is gone and other (text) is new, values alike (NULL in 0.0%"
        " and 0.0% of the rows, 7 and 7 distinct values, 7 of 7 most common values in both); say"
    )
