"""Planner statistics and sizes, as a snapshot carries them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RelationStatistics:
    """What pg_class and the file system say of one table, index or materialised view.

    Args:
        relation: Schema-qualified name.
        kind: `table`, `partitioned table`, `index`, `partitioned index`, `materialized view` …
        pages: Length of the main fork in blocks of 8 KiB.
        tuples: Estimated rows (-1: never analysed).
        all_visible: Pages marked all-visible.
        total_bytes: Size with TOAST and, for tables, without indexes.
        tree_level: Height of a B-tree, root at level 0 being a leaf; nothing where unknown.
        writes: Rows inserted, updated and deleted since the statistics were reset.
        reads: Sequential and index scans since the statistics were reset.
        analysed_pages: `pg_class.relpages`, the length when `tuples` was counted; the planner
            keeps the density `tuples / analysed_pages`. Nothing where it equals `pages`.
        metapage: Figures of an index's first page that its access method's costs use, where they
            could be read: GIN's `pending_pages`, `total_pages`, `entry_pages`, `data_pages` and
            `entries`.
    """

    relation: str
    kind: str
    pages: int
    tuples: float
    all_visible: int = 0
    total_bytes: int = 0
    tree_level: int | None = None
    writes: int = 0
    reads: int = 0
    analysed_pages: int | None = None
    metapage: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """One row of pg_stats; arrays are kept in the engine's own text form.

    `values` maps the names of pg_stats' other columns (`most_common_vals`,
    `most_common_freqs`, `histogram_bounds`, `correlation` …) to their text.
    `n_distinct` below 0 is minus the share of distinct values among the rows.
    """

    relation: str
    column: str
    inherited: bool
    null_frac: float
    avg_width: int
    n_distinct: float
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExtendedStatistics:
    """The contents of one CREATE STATISTICS object, as text read on the source.

    Args:
        n_distinct: `pg_stats_ext.n_distinct` as text.
        dependencies: `pg_stats_ext.dependencies` as text.
        most_common: One item each, as `values` and `nulls` (text of one-dimensional arrays),
            `frequency` and `base_frequency`.
        expressions: Rows of `pg_stats_ext_exprs` in the order of the expressions, as
            `{column of the view: text}` without those that are null.
    """

    name: str
    relation: str
    inherited: bool
    n_distinct: str | None = None
    dependencies: str | None = None
    most_common: tuple[Mapping[str, str], ...] = ()
    expressions: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SequenceState:
    """How far a sequence has come: `last_value` is nothing where it was not visible."""

    name: str
    last_value: int | None
    maximum: int
    increment: int
    owned_by: str = ""
