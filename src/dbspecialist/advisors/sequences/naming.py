"""Names and types, as the engine takes them."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.advisors.sequences import lookup
from dbspecialist.advisors.sequences.engine import Engine
from dbspecialist.advisors.sequences.table import Table
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.effects import EngineError
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.names import bare, parts

#: The longest name, in bytes (PostgreSQL manual, "Lexical Structure").
LONGEST = 63


@dataclass(frozen=True)
class Names:
    """What is there has names, and what is new gets some.

    Args:
        catalogue: The schema.
        engine: A copy of it without rows.
    """

    catalogue: Catalogue
    engine: Engine

    def new_relation(self, name: str, schema: str = "public") -> str:
        """Return a new relation's schema-qualified name, quoted where it must be.

        Raises:
            InputError: Where something has the name, or it is none.
        """
        given = parts(name.strip())
        if not given or len(given) > 2:
            raise InputError(f"'{name}' is no name of a table", "", "write NAME or SCHEMA.NAME")
        if len(given) == 2:
            schema = self.identifier(given[0])
        if self.catalogue.get("schema", schema) is None:
            known = [item.name for item in self.catalogue.of_kind("schema")]
            raise InputError(f"there is no schema {schema}", "", lookup.nearest(schema, known))
        whole = f"{schema}.{self.identifier(given[-1])}"
        lookup.refuse_taken(self.catalogue, whole)
        return whole

    def new_type(self, name: str, schema: str = "public") -> str:
        """Return a new type's schema-qualified name, quoted where it must be.

        Raises:
            InputError: Where a type has the name, or it is none.
        """
        given = parts(name.strip())
        schema = self.identifier(given[0]) if len(given) == 2 else schema
        whole = f"{schema}.{self.identifier(given[-1] if given else '')}"
        if self.engine.ask("SELECT to_regtype(%s)::text", whole) is not None:
            raise InputError(f"type {whole} is there already", "", "choose another name")
        return whole

    def free(self, name: str) -> str:
        """Return a quoted name, without schema, for something new that nothing has yet."""
        taken = {
            bare(parts(item.name)[-1]) for item in self.catalogue.objects if item.kind != "column"
        }
        found, number = _cut(name), 1
        while found in taken:
            number += 1
            found = _cut(name, str(number))
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

    def quoted_note(self, *quoted: str) -> tuple[str, ...]:
        """Return a sentence for each name that is quoted for being a word of the engine's."""
        asked = "SELECT EXISTS (SELECT FROM pg_get_keywords() WHERE word = %s AND catcode <> 'U')"
        return tuple(
            f"{bare(name)} is a word of the engine's: it is written as {name}"
            for name in quoted
            if name.startswith('"') and self.engine.ask(asked, bare(name))
        )

    def type_of(self, table: Table, expression: str) -> str:
        """Return the type of an expression of a table's columns, in the engine's own words.

        Raises:
            InputError: Where the engine refuses the expression.
        """
        making = f"CREATE TEMP TABLE dbs_type AS SELECT {expression} AS c FROM {table.name}"
        tried = self.engine.typed(making, "pg_temp.dbs_type")
        if isinstance(tried, EngineError):
            raise InputError(f"the engine refuses it: {tried.message}", expression, "mend it")
        return tried

    def type(self, text: str) -> str:
        """Return a type in the engine's own words.

        Raises:
            InputError: Where the engine knows none of that name.
        """
        making = f"CREATE TEMP TABLE dbs_type AS SELECT CAST(NULL AS {text}) AS c"
        tried = self.engine.typed(making, "pg_temp.dbs_type")
        if isinstance(tried, EngineError):
            raise InputError(f"the engine takes no type '{text}': {tried.message}", "", "mend it")
        return tried


def _cut(name: str, suffix: str = "") -> str:
    """Shorten a name to what the engine keeps, its suffix included."""
    room = LONGEST - len(suffix.encode())
    return name.encode()[:room].decode("utf-8", "ignore") + suffix
