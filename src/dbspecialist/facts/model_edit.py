"""Edits of an ORM's models: what a migration changes, in words that no ORM owns.

Types, defaults, predicates and expressions are the engine's canonical text (`format_type`,
`pg_get_expr`); tables are qualified (`public.orders`), or bare in the default schema.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.facts.names import bare, parts


@dataclass(frozen=True, slots=True)
class ColumnModel:
    """One column.

    Args:
        name: Without quotes.
        type: The engine's canonical text (`character varying(40)`), for an enum its name.
        nullable: Whether it takes NULL.
        default: An SQL expression, or "".
        comment: Its comment, or "".
        identity: Whether the engine numbers its rows: `always`, `by default`, or "".
        labels: An enum's labels.
    """

    name: str
    type: str
    nullable: bool = True
    default: str = ""
    comment: str = ""
    identity: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ForeignKeyModel:
    """One foreign key; an action of "" is NO ACTION."""

    name: str
    columns: tuple[str, ...]
    table: str
    referenced: tuple[str, ...]
    on_delete: str = ""
    on_update: str = ""


@dataclass(frozen=True, slots=True)
class TableEdit:
    """An edit of one table's model."""

    table: str

    @property
    def schema(self) -> str:
        """The schema, "" for the default one (PostgreSQL's `public`)."""
        found = [bare(item) for item in parts(self.table)][:-1]
        return "" if found in ([], ["public"]) else found[-1]

    @property
    def plain(self) -> str:
        """The table's name without schema and quotes."""
        return bare(parts(self.table)[-1])


@dataclass(frozen=True, slots=True)
class AddColumn(TableEdit):
    """A column that comes."""

    column: ColumnModel


@dataclass(frozen=True, slots=True)
class DropColumn(TableEdit):
    """A column that goes, with the indexes and constraints that hold it."""

    column: str


@dataclass(frozen=True, slots=True)
class RenameColumn(TableEdit):
    """A column under another name; the models' attribute keeps its own."""

    column: str
    name: str


@dataclass(frozen=True, slots=True)
class ChangeColumn(TableEdit):
    """A column that changes in place; nothing for what stays, "" for a default that goes.

    Args:
        labels: The labels, where the new type is an enum.
    """

    column: str
    type: str | None = None
    nullable: bool | None = None
    default: str | None = None
    comment: str | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddIndex(TableEdit):
    """An index that comes.

    Args:
        name: Its name.
        columns: Columns, or expressions in parentheses.
        unique: Whether it is unique.
        method: `gin`, `gist` …, "" for a B-tree.
        predicate: A partial index's condition, or "".
        include: Columns that it only carries.
    """

    name: str
    columns: tuple[str, ...]
    unique: bool = False
    method: str = ""
    predicate: str = ""
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DropIndex(TableEdit):
    """An index that goes; `columns` tell it where models do not name it."""

    name: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddUnique(TableEdit):
    """A unique constraint that comes."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AddCheck(TableEdit):
    """A CHECK constraint that comes."""

    name: str
    expression: str


@dataclass(frozen=True, slots=True)
class AddForeignKey(TableEdit):
    """A foreign key that comes."""

    key: ForeignKeyModel


@dataclass(frozen=True, slots=True)
class DropConstraint(TableEdit):
    """A constraint that goes.

    Args:
        name: Its name.
        kind: `unique`, `check` or `foreign key`.
        columns: Its columns, which tell it where models do not name it.
    """

    name: str
    kind: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CreateTable(TableEdit):
    """A table that comes, with its primary key and foreign keys."""

    columns: tuple[ColumnModel, ...]
    primary_key: tuple[str, ...] = ()
    keys: tuple[ForeignKeyModel, ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True)
class DropTable(TableEdit):
    """A table that goes."""


@dataclass(frozen=True, slots=True)
class RenameTable(TableEdit):
    """A table under another name in the same schema; its class keeps its own."""

    name: str


@dataclass(frozen=True, slots=True)
class AddEnumValue:
    """A label that an enum type gets, after another or at the end."""

    enum: str
    value: str
    after: str = ""

    @property
    def plain(self) -> str:
        """The type's name without schema and quotes."""
        return bare(parts(self.enum)[-1])


ModelEdit = TableEdit | AddEnumValue
