"""What a request stands on: the schema, production's sizes, and the engine to ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from dbspecialist.advisors.sequences import lookup
from dbspecialist.advisors.sequences.engine import Tried
from dbspecialist.advisors.sequences.naming import Names
from dbspecialist.advisors.sequences.table import Table
from dbspecialist.facts.catalogue import Difference, SchemaObject, differences
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.names import bare
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.trial import Run

#: Up to so many rows a table is small: it is changed in one step.
SMALL_ROWS = 10_000
#: Up to so many bytes.
SMALL_BYTES = 8 << 20


@dataclass(frozen=True)
class Ground(Names):
    """The schema at hand, what is known of production, and the engine to ask.

    Args:
        catalogue: The schema as it is when the request is carried out.
        engine: A copy of it without rows.
        snapshot: What stands for production.
        scale: By how much its sizes are multiplied.
        one_message: Whether the toolchain sends a file as one message: statements outside of a
            transaction have a file each, and a way back is one transaction.
        created: Tables that pending migrations or earlier requests make.
    """

    snapshot: Snapshot | None = None
    scale: float = 1.0
    created: frozenset[str] = frozenset()
    one_message: bool = False

    @property
    def version(self) -> int:
        """Production's version as servers number it; the twin's where it is not known."""
        if self.snapshot is not None and self.snapshot.server_version:
            return self.snapshot.server_version
        return int(self.engine.ask("SELECT current_setting('server_version_num')"))

    @cached_property
    def _run(self) -> Run:
        return Run((), self.snapshot, self.scale, created=self.created)

    def table(self, name: str) -> Table:
        """Find a table by its name, with or without schema and quotes.

        Raises:
            InputError: Where there is none, with the nearest name.
        """
        found = lookup.relation(self.catalogue, name, lookup.TABLES, "table")
        columns = {
            item.name.removeprefix(f"{found.name}."): item
            for item in self.catalogue.parts_of(found.name, "column")
        }
        rows, size = self._run.rows(found.name), self._run.bytes(found.name)
        known = self.snapshot is not None and self.snapshot.has_statistics
        is_known = known and self._run.knows(found.name)
        is_new = found.name in self.created or (is_known and self._run.is_empty(found.name))
        is_small = is_new or (is_known and rows <= SMALL_ROWS and size <= SMALL_BYTES)
        return Table(
            found.name,
            columns,
            lookup.key_of(self.catalogue, found.name),
            rows if is_known else None,
            is_small,
            is_new,
            is_partitioned="partition_key" in found.attributes,
        )

    def view(self, name: str) -> SchemaObject | None:
        """Find a view by its name, or nothing."""
        return lookup.found(self.catalogue, name, ("view",))

    def has_table(self, name: str) -> bool:
        """Whether there is a table of that name."""
        return lookup.found(self.catalogue, name, lookup.TABLES) is not None

    def index(self, name: str) -> SchemaObject:
        """Find an index by its name.

        Raises:
            InputError: Where there is none, with the nearest name.
        """
        return lookup.relation(self.catalogue, name, ("index",), "index")

    def constraint(self, table: Table, name: str) -> SchemaObject:
        """Find a constraint of a table by its name.

        Raises:
            InputError: Where there is none, with the nearest name.
        """
        return lookup.constraint(self.catalogue, table.name, name)

    def column(self, table: Table, name: str) -> str:
        """Find a column and return its name, quoted as the engine quotes it.

        Raises:
            InputError: Where there is none, with the nearest name.
        """
        wanted = bare(name.strip())
        for text in (wanted, wanted.lower()):
            for known in table.columns:
                if bare(known) == text:
                    return known
        raise InputError(
            f"there is no column {name} in {table.name}", "", lookup.nearest(wanted, table.columns)
        )

    def columns(self, table: Table, names: str) -> tuple[str, ...]:
        """Find columns by their names with commas between."""
        return tuple(self.column(table, item) for item in names.split(","))

    def new_column(self, table: Table, name: str) -> str:
        """Return a new column's name, quoted where it must be.

        Raises:
            InputError: Where the table has it, or it is no name.
        """
        quoted = self.identifier(name)
        if quoted in table.columns:
            kind = table.columns[quoted].attributes["type"]
            raise InputError(
                f"column {table.name}.{quoted} is there already ({kind})", "", "choose another name"
            )
        return quoted

    def try_or_refuse(self, *statements: str, read: bool = False) -> Tried:
        """Try statements on the copy, and refuse the request where the engine refuses one.

        Raises:
            InputError: With what the engine says.
        """
        tried = self.engine.tried(*statements, read=read)
        if tried.error is not None:
            told = " ".join("; ".join(statements).split())
            raise InputError(f"the engine refuses it: {tried.error.message}", told, "mend it")
        return tried

    def changed_by(self, *statements: str) -> tuple[Difference, ...]:
        """Return what statements change in the catalogue, tried on the copy.

        Raises:
            InputError: Where the engine refuses one.
        """
        after = self.try_or_refuse(*statements, read=True).after
        assert after is not None
        return differences(self.catalogue, after)

    def made_by(self, kind: str, table: Table, *statements: str) -> SchemaObject:
        """Return the first part of a kind that statements give a table, tried on the copy.

        Raises:
            InputError: Where the engine refuses one.
        """
        changed = self.changed_by(*statements)
        return next(
            item.after
            for item in changed
            if item.before is None
            and item.after is not None
            and (item.after.kind, item.after.parent) == (kind, table.name)
        )

    def has_index(self, table: Table, columns: Sequence[str]) -> bool:
        """Whether an index of a table begins with columns, in whatever order, for all rows."""
        asked = """
            SELECT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = %s::regclass
            AND i.indisvalid AND i.indpred IS NULL AND %s::text[] = ARRAY(
                SELECT quote_ident(a.attname) FROM unnest(i.indkey[0:%s]) AS k
                JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k
                ORDER BY quote_ident(a.attname) COLLATE "C"))
        """
        return bool(self.engine.ask(asked, table.name, sorted(columns), len(columns) - 1))

    def share_of_nulls(self, table: Table, column: str) -> float | None:
        """Return production's share of NULL in a column, nothing where it is not known."""
        known = self.snapshot.column.get((table.name, column)) if self.snapshot else None
        return known.null_frac if known else None
