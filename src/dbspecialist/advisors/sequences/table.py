"""A table that a request is about: its columns, its key and its size."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.names import bare, parts
from dbspecialist.facts.units import count


@dataclass(frozen=True)
class Table:
    """A table that is there.

    Args:
        name: Schema-qualified, quoted as the engine quotes it.
        columns: The columns' objects by quoted name, in order.
        key: The columns of a key that is unique and never NULL, or nothing.
        rows: Production's rows, or nothing where they are not known.
        is_small: Whether it is changed in one step.
        is_new: Whether production has no rows in it.
        is_partitioned: Whether its rows are in partitions.
    """

    name: str
    columns: dict[str, SchemaObject]
    key: tuple[str, ...] = ()
    rows: float | None = None
    is_small: bool = False
    is_new: bool = False
    is_partitioned: bool = False

    @property
    def schema(self) -> str:
        """The schema's name, quoted."""
        return parts(self.name)[0]

    @property
    def own_name(self) -> str:
        """The name without schema and quotes."""
        return bare(parts(self.name)[-1])

    @property
    def shown(self) -> str:
        """The name as titles have it: without the schema that is searched by default."""
        return self.name.removeprefix("public.")

    @property
    def size(self) -> str:
        """The rows in words."""
        if self.is_new:
            return "no rows in production"
        return "a size that is not known" if self.rows is None else f"{count(self.rows)} rows"
