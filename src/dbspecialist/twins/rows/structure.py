"""Structures: what the rows of a table must obey, as the engine's catalogue says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class DataType:
    """A data type with what its values are made of.

    Args:
        name: As `format_type` prints it, without modifiers.
        kind: pg_type.typtype: `b` base, `e` enum, `d` domain, `c` composite, `r` range,
            `m` multirange.
        base: pg_type.typname of the type, or of what a domain stands on.
        modifiers: The numbers in parentheses: `varchar(20)` has (20,).
        labels: An enum's labels in order; values that a domain is known to accept.
        element: An array's element type, a range's subtype, a domain's base type.
        array: Whether it is an array type.
        attributes: A composite type's attributes by name.
        checks: A domain's CHECK expressions over VALUE.
        not_null: Whether a domain refuses NULL.
    """

    name: str
    kind: str
    base: str
    modifiers: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    element: DataType | None = None
    array: bool = False
    attributes: Mapping[str, DataType] = field(default_factory=dict)
    checks: tuple[str, ...] = ()
    not_null: bool = False

    @property
    def root(self) -> DataType:
        """The type below all domains."""
        return self.element.root if self.kind == "d" and self.element else self


@dataclass(frozen=True)
class Column:
    """A column: `declared` is its type with modifiers; `sequence` feeds its default.

    `quoted` is its name as statistics call it.
    """

    name: str
    declared: str
    type: DataType
    position: int
    not_null: bool = False
    generated: str = ""
    sequence: str = ""
    quoted: str = ""


@dataclass(frozen=True)
class Check:
    """A condition on one row, with the columns it reads."""

    name: str
    expression: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Key:
    """A unique or exclusion index; `columns` are plain ones, expressions are left out."""

    name: str
    columns: tuple[str, ...]
    operators: tuple[str, ...] = ()
    plain: bool = True
    deferrable: bool = False
    predicate: str = ""
    nulls_equal: bool = False


@dataclass(frozen=True)
class ForeignKey:
    """A reference from columns to the columns of another table, or of the same one."""

    name: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    full: bool = False


@dataclass(frozen=True)
class Table:
    """A table that can hold rows: `root` is the partitioned table it is a leaf of, or ""."""

    name: str
    alias: str
    columns: tuple[Column, ...]
    checks: tuple[Check, ...] = ()
    keys: tuple[Key, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    root: str = ""

    @cached_property
    def column(self) -> Mapping[str, Column]:
        """The columns by name."""
        return {item.name: item for item in self.columns}

    @cached_property
    def unique_columns(self) -> frozenset[str]:
        """Columns that some unique or exclusion index reads."""
        return frozenset(name for key in self.keys for name in key.columns)


@dataclass(frozen=True)
class Structure:
    """All tables that can hold rows, and the leaves of each partitioned table."""

    tables: Mapping[str, Table]
    leaves: Mapping[str, tuple[str, ...]]

    def holders(self, relation: str) -> tuple[str, ...]:
        """The tables that hold the rows of a relation: itself, or its leaves."""
        return self.leaves.get(relation, (relation,))
