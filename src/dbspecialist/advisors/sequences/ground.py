"""What a request stands on: the schema, production's sizes, and the engine to ask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property

from dbspecialist.advisors.sequences.engine import Engine, Tried
from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.effects import EngineError
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.names import bare, parts
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.trial import Run
from dbspecialist.facts.units import count

#: The longest name, in bytes (PostgreSQL manual, "Lexical Structure").
LONGEST = 63
#: Up to so many rows a table is small: it is changed in one step.
SMALL_ROWS = 10_000
#: Up to so many bytes.
SMALL_BYTES = 8 << 20
#: Time-outs of a session that cut long statements short.
_TIMEOUTS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")

_TABLES = ("table", "partitioned table")


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
    """

    name: str
    columns: dict[str, SchemaObject]
    key: tuple[str, ...] = ()
    rows: float | None = None
    is_small: bool = False
    is_new: bool = False

    @property
    def schema(self) -> str:
        """The schema's name, quoted."""
        return parts(self.name)[0]

    @property
    def own_name(self) -> str:
        """The name without schema and quotes."""
        return bare(parts(self.name)[-1])

    @property
    def size(self) -> str:
        """The rows in words."""
        if self.is_new:
            return "no rows in production"
        return "a size that is not known" if self.rows is None else f"{count(self.rows)} rows"


@dataclass(frozen=True)
class Ground:
    """The schema at hand, what is known of production, and the engine to ask.

    Args:
        catalogue: The schema as it is when the request is carried out.
        engine: A copy of it without rows.
        snapshot: What stands for production.
        scale: By how much its sizes are multiplied.
        created: Tables that pending migrations or earlier requests make.
        settings: Session settings that production's migrations have.
    """

    catalogue: Catalogue
    engine: Engine
    snapshot: Snapshot | None = None
    scale: float = 1.0
    created: frozenset[str] = frozenset()
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def version(self) -> int:
        """Production's version as servers number it; the twin's where it is not known."""
        if self.snapshot is not None and self.snapshot.server_version:
            return self.snapshot.server_version
        return int(self.engine.ask("SELECT current_setting('server_version_num')"))

    @property
    def lifted(self) -> tuple[str, ...]:
        """Time-outs in force for production's migrations that cut long statements short."""
        return tuple(
            name for name in _TIMEOUTS[:2] if self.settings.get(name, "0") not in ("0", "")
        )

    @cached_property
    def _run(self) -> Run:
        return Run((), self.snapshot, self.scale, created=self.created)

    def table(self, name: str) -> Table:
        """Find a table by its name, with or without schema and quotes.

        Raises:
            InputError: Where there is none, with the nearest name.
        """
        found = self._relation(name, _TABLES)
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
            found.name, columns, self._key(found.name), rows if is_known else None, is_small, is_new
        )

    def _relation(self, name: str, kinds: Sequence[str]) -> SchemaObject:
        there = list(self.catalogue.of_kind(*kinds))
        wanted = [bare(item) for item in parts(name.strip())]
        if not wanted or len(wanted) > 2:
            raise InputError(f"'{name}' names no table", "", "write TABLE or SCHEMA.TABLE")
        for folded in (wanted, [item.lower() for item in wanted]):
            fitting = [item for item in there if _fits(item.name, folded)]
            in_public = [item for item in fitting if parts(item.name)[0] == "public"]
            if len(fitting) == 1 or in_public:
                return (in_public or fitting)[0]
            if fitting:
                named = ", ".join(item.name for item in fitting)
                raise InputError(f"'{name}' names several tables: {named}", "", "write the schema")
        raise InputError(
            f"there is no table {name}", "", _nearest(wanted[-1], [item.name for item in there])
        )

    def _key(self, table: str) -> tuple[str, ...]:
        """Return the columns of the primary key, or of a unique constraint without NULLs."""
        found = {
            item.attributes["type"]: item
            for item in self.catalogue.parts_of(table, "constraint")
            if item.attributes.get("type") in ("primary key", "unique")
            and all(self._is_required(table, name) for name in columns_of(item))
        }
        chosen = found.get("primary key") or found.get("unique")
        return columns_of(chosen) if chosen else ()

    def _is_required(self, table: str, column: str) -> bool:
        item = self.catalogue.get("column", f"{table}.{column}")
        return item is not None and item.attributes.get("not_null") == "true"

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
            f"there is no column {name} in {table.name}", "", _nearest(wanted, table.columns)
        )

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

    def new_table(self, name: str) -> str:
        """Return a new table's schema-qualified name, quoted where it must be.

        Raises:
            InputError: Where something has the name, or it is none.
        """
        given = parts(name.strip())
        if not given or len(given) > 2:
            raise InputError(f"'{name}' is no name of a table", "", "write TABLE or SCHEMA.TABLE")
        schema = self.identifier(given[0]) if len(given) == 2 else "public"
        if self.catalogue.get("schema", schema) is None:
            known = [item.name for item in self.catalogue.of_kind("schema")]
            raise InputError(f"there is no schema {schema}", "", _nearest(bare(schema), known))
        whole = f"{schema}.{self.identifier(given[-1])}"
        self._refuse_taken(whole)
        return whole

    def _refuse_taken(self, whole: str) -> None:
        for item in self.catalogue.objects:
            if item.name == whole and item.kind in _RELATIONS:
                raise InputError(f"{item.kind} {whole} is there already", "", "choose another name")

    def free(self, name: str) -> str:
        """Return a name for a new relation or constraint that nothing has yet."""
        taken = {
            bare(parts(item.name)[-1]) for item in self.catalogue.objects if item.kind != "column"
        }
        found, number = cut(name), 1
        while found in taken:
            number += 1
            found = cut(name, str(number))
        return self.identifier(found)

    def identifier(self, name: str) -> str:
        """Return a new name, quoted where the engine needs it.

        Raises:
            InputError: Where it is empty or longer than the engine keeps.
        """
        plain = bare(name.strip())
        if not plain or "\0" in plain:
            raise InputError("a name is empty", "", "give one")
        size = len(plain.encode())
        if size > LONGEST:
            raise InputError(
                f"the name {plain} has {size} bytes, the engine keeps {LONGEST}", "", "shorten it"
            )
        return str(self.engine.ask("SELECT quote_ident(%s)", plain))

    def is_reserved(self, quoted: str) -> bool:
        """Whether a name stands in quotes because it is a word of the engine's."""
        asked = "SELECT EXISTS (SELECT FROM pg_get_keywords() WHERE word = %s AND catcode <> 'U')"
        return quoted.startswith('"') and bool(self.engine.ask(asked, bare(quoted)))

    def quoted_note(self, quoted: str) -> tuple[str, ...]:
        """Return a sentence on a name that stands in quotes for being a word of the engine's."""
        if not self.is_reserved(quoted):
            return ()
        return (f"{bare(quoted)} is a word of the engine's: it is written as {quoted}",)

    def has_default(self, table: Table, column: str) -> str:
        """Write the query that tells whether a column has a default."""
        return (
            "SELECT EXISTS (SELECT FROM pg_attribute"
            f" WHERE attrelid = '{literal(table.name)}'::regclass"
            f" AND attname = '{literal(bare(column))}' AND atthasdef)"
        )

    def type(self, text: str) -> str:
        """Return a type in the engine's own words.

        Raises:
            InputError: Where the engine knows none of that name.
        """
        table = "pg_temp.dbs_type"
        tried = self.engine.typed(
            f"CREATE TEMP TABLE dbs_type AS SELECT CAST(NULL AS {text}) AS c", table
        )
        if isinstance(tried, EngineError):
            raise InputError(f"the engine takes no type '{text}': {tried.message}", "", "mend it")
        return tried

    def try_or_refuse(self, *statements: str) -> Tried:
        """Try statements on the copy, and refuse the request where the engine refuses one.

        Raises:
            InputError: With what the engine says.
        """
        tried = self.engine.tried(*statements)
        if tried.error is not None:
            raise InputError(
                f"the engine refuses it: {tried.error.message}", "; ".join(statements), "mend it"
            )
        return tried

    def index_of(self, name: str) -> SchemaObject:
        """Find an index by its name.

        Raises:
            InputError: Where there is none, with the nearest name.
        """
        return self._relation_part(name, "index")

    def constraint_of(self, table: Table, name: str) -> SchemaObject:
        """Find a constraint of a table by its name.

        Raises:
            InputError: Where there is none, with the nearest name.
        """
        there = list(self.catalogue.parts_of(table.name, "constraint"))
        wanted = bare(name.strip())
        for item in there:
            if bare(parts(item.name)[-1]) == wanted:
                return item
        names = [parts(item.name)[-1] for item in there]
        raise InputError(
            f"there is no constraint {name} on {table.name}", "", _nearest(wanted, names)
        )

    def _relation_part(self, name: str, kind: str) -> SchemaObject:
        there = list(self.catalogue.of_kind(kind))
        wanted = [bare(item) for item in parts(name.strip())]
        found = [item for item in there if _fits(item.name, wanted)]
        if len(found) != 1:
            names = [item.name for item in there]
            what = f"there is no {kind} {name}" if not found else f"'{name}' names several"
            raise InputError(what, "", _nearest(wanted[-1] if wanted else "", names))
        return found[0]


_RELATIONS = frozenset(
    {
        "table",
        "partitioned table",
        "view",
        "materialized view",
        "sequence",
        "index",
        "foreign table",
    }
)


def columns_of(constraint: SchemaObject) -> tuple[str, ...]:
    """Return the columns of a constraint, quoted as the engine quotes them."""
    return tuple(constraint.attributes.get("columns", "").split(", "))


def literal(text: str) -> str:
    """Return a text as it stands between quotes."""
    return text.replace("'", "''")


def cut(name: str, suffix: str = "") -> str:
    """Shorten a name to what the engine keeps, its suffix included."""
    room = LONGEST - len(suffix.encode())
    return name.encode()[:room].decode("utf-8", "ignore") + suffix


def _fits(qualified: str, wanted: Sequence[str]) -> bool:
    return [bare(item) for item in parts(qualified)][-len(wanted) :] == list(wanted)


def _nearest(name: str, known: Iterable[str]) -> str:
    by_bare = {bare(parts(item)[-1]): item for item in known}
    near = get_close_matches(name, by_bare, 1, 0.5)
    if near:
        return f"did you mean {by_bare[near[0]]}?"
    few = sorted(by_bare.values())[:8]
    return f"there are {', '.join(few)}" if few else "there are none"
