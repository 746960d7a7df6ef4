"""A column of another type beside the old one, and the trigger that keeps it in step.

A BEFORE trigger sees the row as it is written, whatever code writes it ("Overview of Trigger
Behavior", PostgreSQL manual).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dbspecialist.advisors.sequences.conversions import Conversion, default_as
from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.table import Table
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.names import bare


@dataclass(frozen=True)
class Shadow:
    """A column, what it becomes, and the names of what is made for it meanwhile.

    Args:
        ground: The schema.
        table: The column's.
        column: Its quoted name.
        found: How its values become those of the new type.
        before: Statements that come first (the new type's).
        undone: Their way back.
        when: What must be true of the rows before anything is done.
        checks: Queries that are true then.
    """

    ground: Ground
    table: Table
    column: str
    found: Conversion
    before: Sequence[str] = ()
    undone: Sequence[str] = ()
    when: str = ""
    checks: Sequence[str] = ()
    new: str = field(init=False)
    old: str = field(init=False)
    sync: str = field(init=False)

    def __post_init__(self) -> None:
        plain = bare(self.column)
        name = self.ground.free
        object.__setattr__(self, "new", self.ground.new_column(self.table, f"{plain}_new"))
        object.__setattr__(self, "old", self.ground.new_column(self.table, f"{plain}_old"))
        object.__setattr__(self, "sync", name(f"{self.table.own_name}_{plain}_sync"))

    @property
    def alter(self) -> str:
        """How a statement on the table begins."""
        return f"ALTER TABLE {self.table.name}"

    @property
    def item(self) -> SchemaObject:
        """The column as it is."""
        return self.table.columns[self.column]

    @property
    def is_required(self) -> bool:
        """Whether the column refuses NULL."""
        return self.item.attributes.get("not_null") == "true"

    @property
    def default(self) -> str | None:
        """The default that the column has afterwards."""
        default = self.item.attributes.get("default")
        return None if default is None else default_as(default, self.found.kind)

    @property
    def filled(self) -> str:
        """The name of the CHECK that the new column is not NULL."""
        return self.ground.free(f"{self.table.own_name}_{bare(self.new)}_filled")

    @property
    def function(self) -> str:
        """The qualified name of the trigger's function."""
        return f"{self.table.schema}.{self.sync}"

    def triggered(self) -> list[str]:
        """Return the statements that keep the new column in step with the old one."""
        row = self.ground.identifier(self.table.own_name)
        made = f"""CREATE FUNCTION {self.function}() RETURNS trigger LANGUAGE plpgsql AS $sync$
BEGIN
    NEW.{self.new} := (SELECT {self.found.using} FROM (SELECT NEW.*) AS {row});
    RETURN NEW;
END
$sync$"""
        return [
            made,
            f"CREATE TRIGGER {self.sync} BEFORE INSERT OR UPDATE ON {self.table.name}"
            f" FOR EACH ROW EXECUTE FUNCTION {self.function}()",
        ]

    def untriggered(self) -> list[str]:
        """Return the statements that end that."""
        return [
            f"DROP TRIGGER {self.sync} ON {self.table.name}",
            f"DROP FUNCTION {self.function}()",
        ]
