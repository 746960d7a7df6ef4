"""Tables, foreign tables and their columns; partitions are attached in a step of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from dbspecialist.engines.postgresql.catalogue.columns import (
    column_clause,
    column_entry,
    column_settings,
    inherited_settings,
)
from dbspecialist.engines.postgresql.catalogue.constraints import is_plain_not_null
from dbspecialist.engines.postgresql.catalogue.foreign import options_clause
from dbspecialist.engines.postgresql.catalogue.reader import (
    PG_CLASS,
    Entry,
    Phase,
    Reader,
    known,
    options_text,
    statements,
)
from dbspecialist.engines.postgresql.catalogue.sequences import parameters, sequence_entry
from dbspecialist.facts.catalogue import SchemaObject

PERSISTENCE = {"p": "permanent", "u": "unlogged", "t": "temporary"}
REPLICA_IDENTITY = {"n": "nothing", "f": "full", "i": "index"}


class Tables:
    """Writes the tables of a database from what was read about their parts."""

    def __init__(
        self,
        reader: Reader,
        columns: dict[int, list[Any]],
        sequences: dict[int, Any],
        not_null: dict[tuple[int, int], Any],
        foreign: dict[int, Any],
    ) -> None:
        self.reader, self.columns, self.not_null = reader, columns, not_null
        self.foreign = foreign
        self.owned: dict[tuple[int, int], list[Any]] = {}
        for row in sequences.values():
            if row.relation:
                self.owned.setdefault((row.relation, row.number), []).append(row)

    def entries(self) -> Iterator[Entry]:
        """Yield tables with their columns, and the step that attaches each partition."""
        for row in self.reader.relations.values():
            if row.kind in "rpf":
                yield from self.reader.kept("table", row.oid, self.origin(row), self.maker(row))
                if row.is_partition:
                    yield from self.attachment(row)

    def origin(self, row: Any) -> list[Any]:
        """Collect what of others a table is made of: its sequences, its foreign server."""
        owned = [
            sequence
            for column in self.columns.get(row.oid, ())
            for sequence in self.owned.get((row.oid, column.number), ())
        ]
        relations = [self.reader.relations[sequence.oid] for sequence in owned]
        return [owned, relations, self.foreign.get(row.oid)]

    def maker(self, row: Any) -> Callable[[], list[Entry]]:
        """Put off telling a table."""
        return lambda: [self.table(row)]

    def table(self, row: Any) -> Entry:
        """Tell one table."""
        name, columns = self.reader.name_of(row.oid), self.columns.get(row.oid, [])
        kind = "foreign table" if row.kind == "f" else "table"
        parts = [
            column_entry(name, position, column, self.is_not_null(column))
            for position, column in enumerate(columns, 1)
        ]
        identities = [
            sequence_entry(self.reader, sequence)
            for column in columns
            for sequence in self.owned.get((row.oid, column.number), ())
            if sequence.dependency == "i"
        ]
        return Entry(
            (PG_CLASS, row.oid, 0),
            Phase.TABLE,
            SchemaObject(kind, name, "", self.attributes(row), self.create(row, name)),
            target=f"{kind.upper()} {name}",
            acl=row.acl,
            default_acl=row.default_acl,
            parts=(*parts, *identities),
        )

    def attributes(self, row: Any) -> dict[str, str]:
        """Collect what two equal tables have equal besides their columns."""
        parents = [self.reader.name_of(up) for up in self.parents(row)]
        foreign = self.foreign.get(row.oid)
        return known(
            server=foreign.server if foreign else None,
            foreign_options=options_clause(foreign.options) if foreign else None,
            owner=row.owner,
            persistence=PERSISTENCE[row.persistence],
            method=row.method,
            options=options_text(row.options),
            toast_options=options_text(row.toast_options),
            tablespace=row.tablespace,
            partition_key=row.partition_key,
            partition_of=parents[0] if row.is_partition and parents else None,
            bound=row.bound,
            inherits=", ".join(parents) if not row.is_partition else None,
            of_type=row.of_type,
            replica_identity=REPLICA_IDENTITY.get(row.identity) if row.kind != "f" else None,
            row_security="true" if row.secured else None,
            force_row_security="true" if row.forced else None,
        )

    def parents(self, row: Any) -> list[int]:
        """The parents that are read themselves, in the order of inheritance."""
        found = self.reader.parents.get(row.oid, [])
        return [parent for parent in found if parent in self.reader.relations]

    def create(self, row: Any, name: str) -> str:
        """Write CREATE TABLE and the settings that follow it."""
        columns = self.columns.get(row.oid, [])
        above = {} if row.is_partition else self.columns_above(row)
        own = [column for column in columns if column.is_local or column.name not in above]
        clauses = ",\n".join(f"    {self.clause(row, column)}" for column in own)
        word = "FOREIGN " if row.kind == "f" else "UNLOGGED " if row.persistence == "u" else ""
        body = f"(\n{clauses}\n)" if clauses else "()"
        head = f"CREATE {word}TABLE {name} {body}{self.storage(row)}"
        return statements(head, *self.settings(row, name, columns, above))

    def columns_above(self, row: Any) -> dict[str, list[Any]]:
        """The parents' columns by name."""
        found: dict[str, list[Any]] = {}
        for parent in self.parents(row):
            for column in self.columns.get(parent, []):
                found.setdefault(column.name, []).append(column)
        return found

    def clause(self, row: Any, column: Any) -> str:
        """Write one column of CREATE TABLE."""
        identity = ""
        if column.identity and not row.is_partition:
            for sequence in self.owned.get((row.oid, column.number), ()):
                name = self.reader.name_of(sequence.oid)
                identity = f"SEQUENCE NAME {name} {parameters(sequence)}"
        return column_clause(column, self.not_null_clause(column), identity)

    def not_null_clause(self, column: Any) -> str:
        """Write NOT NULL, with the constraint's name where it is not the default (18)."""
        if not column.not_null:
            return ""
        row = self.not_null.get((column.relation, column.number))
        if row is None or is_plain_not_null(self.reader, row, column.attname):
            return "NOT NULL"
        inherit = " NO INHERIT" if row.no_inherit else ""
        return f"CONSTRAINT {row.name} NOT NULL{inherit}" if row.valid else ""

    def is_not_null(self, column: Any) -> str:
        """Return `true`, `false`, or `not valid` for a NOT NULL that was never checked (18)."""
        if not column.not_null:
            return "false"
        row = self.not_null.get((column.relation, column.number))
        return "true" if row is None or row.valid else "not valid"

    def storage(self, row: Any) -> str:
        """Write what follows the columns: INHERITS, PARTITION BY, USING, WITH."""
        parents = ", ".join(self.reader.name_of(up) for up in self.parents(row))
        toast = [f"toast.{option}" for option in row.toast_options or ()]
        options = options_text([*(row.options or ()), *toast])
        foreign = self.foreign.get(row.oid)
        return "".join(
            (
                f"\nINHERITS ({parents})" if parents and not row.is_partition else "",
                f"\nPARTITION BY {row.partition_key}" if row.partition_key else "",
                f"\nUSING {row.method}" if row.method and row.kind == "r" else "",
                f"\nSERVER {foreign.server} {options_clause(foreign.options)}" if foreign else "",
                f"\nWITH ({options})" if options else "",
            )
        )

    def settings(
        self, row: Any, name: str, columns: list[Any], above: dict[str, list[Any]]
    ) -> Iterator[str]:
        """Write the statements after CREATE TABLE."""
        # Before its sequences are told whose they are: these have the same owner.
        yield f"ALTER TABLE {name} OWNER TO {row.owner}"
        for column in columns:
            if column.is_local or column.name not in above:
                yield from column_settings(name, column)
            else:
                yield from inherited_settings(name, column, above)
            for sequence in self.owned.get((row.oid, column.number), ()):
                if sequence.dependency == "a":
                    owned = self.reader.name_of(sequence.oid)
                    yield f"ALTER SEQUENCE {owned} OWNED BY {name}.{column.name}"
        if row.of_type:
            yield f"ALTER TABLE ONLY {name} OF {row.of_type}"
        if row.identity in "nf" and row.kind != "f":
            yield f"ALTER TABLE ONLY {name} REPLICA IDENTITY {REPLICA_IDENTITY[row.identity]}"
        if row.secured:
            yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"
        if row.forced:
            yield f"ALTER TABLE ONLY {name} FORCE ROW LEVEL SECURITY"

    def attachment(self, row: Any) -> Iterator[Entry]:
        """Tell how a partition hangs on its parent."""
        child = self.reader.name_of(row.oid)
        for parent in self.parents(row):
            name = self.reader.name_of(parent)
            create = f"ALTER TABLE ONLY {name} ATTACH PARTITION {child} {row.bound}"
            item = SchemaObject("partition", child, name, {"bound": row.bound}, create)
            yield Entry((0, row.oid, parent), Phase.PARTITION, item)
