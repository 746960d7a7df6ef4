"""Locks: the modes that the engines have, and what waits while one is held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: What each PostgreSQL table lock mode blocks while it is held. ShareUpdateExclusive and above
#: block other DDL on the table (PostgreSQL manual, "Table-Level Locks").
BLOCKS: Mapping[str, tuple[str, ...]] = {
    "AccessShareLock": (),
    "RowShareLock": (),
    "RowExclusiveLock": (),
    "ShareUpdateExclusiveLock": ("ddl",),
    "ShareLock": ("writes", "ddl"),
    "ShareRowExclusiveLock": ("writes", "ddl"),
    "ExclusiveLock": ("writes", "ddl"),
    "AccessExclusiveLock": ("reads", "writes", "ddl"),
    # Metadata locks of MySQL and MariaDB (MySQL source, sql/mdl.h, enum_mdl_type). Row locks, which
    # InnoDB takes besides, are not among them.
    "MDL_SHARED": (),
    "MDL_SHARED_HIGH_PRIO": (),
    "MDL_SHARED_READ": (),
    "MDL_SHARED_WRITE": (),
    "MDL_SHARED_WRITE_LOW_PRIO": (),
    "MDL_SHARED_UPGRADABLE": ("ddl",),
    "MDL_SHARED_READ_ONLY": ("writes", "ddl"),
    "MDL_SHARED_NO_WRITE": ("writes", "ddl"),
    "MDL_SHARED_NO_READ_WRITE": ("reads", "writes", "ddl"),
    "MDL_EXCLUSIVE": ("reads", "writes", "ddl"),
}


#: Lock modes from the weakest to the strongest, for each engine by itself.
LOCK_MODES: tuple[str, ...] = tuple(BLOCKS)


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock on a relation that existed before the migrations at hand.

    Args:
        relation: Schema-qualified name.
        mode: The engine's word (`AccessExclusiveLock`).
        kind: `table`, `partitioned table`, `view`, `materialized view`, `sequence`, `index` …
        table: An index's table; indexes are told where their table is locked more weakly.
    """

    relation: str
    mode: str
    kind: str = "table"
    table: str = ""

    @property
    def blocks(self) -> tuple[str, ...]:
        """What waits while the lock is held: `reads`, `writes`, `ddl`."""
        return BLOCKS.get(self.mode, ())

    @property
    def blocked(self) -> str:
        """The relation whose queries wait, an index's table, or that whose DDL alone waits.

        A query locks every index of its tables as it locks the tables themselves, whether its
        plan uses them or not (PostgreSQL source, plancat.c, get_relation_info).
        """
        return self.table if self.table and "writes" in self.blocks else self.relation
