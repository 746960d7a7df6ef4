"""Snapshots: everything about a database except its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.names import bare
from dbspecialist.facts.role import Role
from dbspecialist.facts.statistics import (
    ColumnStatistics,
    ExtendedStatistics,
    RelationStatistics,
    SequenceState,
)
from dbspecialist.facts.workload import WorkloadStatement

FORMAT = 1


@dataclass(frozen=True)
class Snapshot:
    """One database at one moment, without its rows.

    Args:
        engine: `postgresql` (later `mysql`, `sqlite`).
        server_version: As the engine numbers itself (150020 is PostgreSQL 15.20).
        database: The database's name.
        source: What it was made from: a URL without password, a file, "migrations".
        captured_at: UTC, ISO 8601.
        catalogue: The schema.
        relations: Sizes and row counts; empty for a schema-only snapshot.
        columns: Planner statistics of columns and index expressions.
        extended: Contents of extended statistics.
        sequences: State of sequences.
        settings: Server settings that plans and locks depend on, as `name: value`.
        role_settings: Settings made for roles and this database (`ALTER ROLE … SET`), as
            `role@database: {name: value}` with `*` for any.
        workload: Statements of pg_stat_statements, heaviest first.
        revisions: Applied revisions in the toolchains' version tables, in order, by relation:
            Alembic's `version_num`, Flyway's `script` (`V7__add.sql`, undone ones left out),
            Prisma's `migration_name`, TypeORM's and Sequelize's `name`.
        checksums: What the version tables of Flyway and Prisma say a file's checksum was, by
            relation and revision.
        unseen: What could not be read, one sentence each.
        redacted: Whether values in statistics are stand-ins.
        role: The role that it was taken as; "" where unknown.
        roles: The server's roles but the engine's own; empty where they were not read.
    """

    engine: str
    server_version: int
    database: str
    source: str
    captured_at: str
    catalogue: Catalogue
    relations: tuple[RelationStatistics, ...] = ()
    columns: tuple[ColumnStatistics, ...] = ()
    extended: tuple[ExtendedStatistics, ...] = ()
    sequences: tuple[SequenceState, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    role_settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    workload: tuple[WorkloadStatement, ...] = ()
    revisions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    checksums: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()
    redacted: bool = False
    role: str = ""
    roles: tuple[Role, ...] = ()

    @cached_property
    def relation(self) -> Mapping[str, RelationStatistics]:
        """Sizes by schema-qualified name."""
        return {item.relation: item for item in self.relations}

    @cached_property
    def column(self) -> Mapping[tuple[str, str], ColumnStatistics]:
        """Column statistics by relation and column; the inherited ones only where no own exist.

        A column is found by its bare name, quoted, and as catalogues write it: quoted where it
        must be.
        """
        ordered = sorted(self.columns, key=lambda item: not item.inherited)
        found = {(item.relation, item.column): item for item in ordered}
        for item in ordered:
            name = bare(item.column)
            found.setdefault((item.relation, name), item)
            found.setdefault((item.relation, '"' + name.replace('"', '""') + '"'), item)
        return found

    @cached_property
    def leaves(self) -> Mapping[str, tuple[str, ...]]:
        """The partitions that hold rows, by partitioned table."""
        parts: dict[str, list[str]] = {}
        for item in self.catalogue.of_kind("partition"):
            parts.setdefault(item.parent, []).append(item.name)

        def below(name: str) -> tuple[str, ...]:
            if name not in parts:
                return (name,)
            return tuple(leaf for part in parts[name] for leaf in below(part))

        return {name: below(name) for name in parts}

    @cached_property
    def parents(self) -> Mapping[str, str]:
        """The table that each partition belongs to, or that each child inherits from first."""
        inheriting = {
            item.name: item.attributes["inherits"].split(", ")[0]
            for item in self.catalogue.of_kind("table")
            if item.attributes.get("inherits")
        }
        return inheriting | {item.name: item.parent for item in self.catalogue.of_kind("partition")}

    @property
    def has_statistics(self) -> bool:
        """Whether row counts are known at all."""
        return bool(self.relations)
