"""The session that catalogue queries share, and what they hand on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, auto
from functools import cached_property
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.catalogue.answers import Answers
from dbspecialist.facts.catalogue import SchemaObject

#: The fixed OIDs of the catalogues themselves (PostgreSQL source, src/include/catalog).
PG_CLASS, PG_TYPE, PG_PROC, PG_CONSTRAINT = 1259, 1247, 1255, 2606
PG_NAMESPACE, PG_EXTENSION, PG_TRIGGER, PG_REWRITE = 2615, 3079, 2620, 2618
PG_POLICY, PG_STATISTIC_EXT, PG_COLLATION, PG_LANGUAGE = 3256, 3381, 3456, 2612
PG_OPERATOR, PG_OPCLASS, PG_OPFAMILY, PG_CAST = 2617, 2616, 2753, 2605
PG_TS_CONFIG, PG_TS_DICT, PG_TS_PARSER, PG_TS_TEMPLATE = 3602, 3600, 3601, 3764
PG_FDW, PG_SERVER, PG_EVENT_TRIGGER, PG_PUBLICATION = 2328, 1417, 3466, 6104

#: OIDs from here on belong to objects made after initdb.
FIRST_OWN_OID = 16384

#: Schemas that are never read: the engine's own and the twin's workshop.
HIDDEN = r"^(pg_|information_schema$|dbs_twin$)"

#: (OID of the catalogue, OID of the object, column number or 0), as pg_depend has it.
Address = tuple[int, int, int]


class Phase(IntEnum):
    """When an object is created, among those whose dependencies are there."""

    ROLE = auto()
    SCHEMA = auto()
    EXTENSION = auto()
    LANGUAGE = auto()
    COLLATION = auto()
    TYPE = auto()
    ROUTINE = auto()
    OPERATOR = auto()
    TEXT_SEARCH = auto()
    FOREIGN = auto()
    SEQUENCE = auto()
    TABLE = auto()
    CHECK = auto()
    PARTITION = auto()
    KEY = auto()
    INDEX = auto()
    VIEW = auto()
    STATISTICS = auto()
    FOREIGN_KEY = auto()
    RULE = auto()
    TRIGGER = auto()
    POLICY = auto()
    PUBLICATION = auto()
    EVENT_TRIGGER = auto()


@dataclass(slots=True)
class Entry:
    """A schema object on its way into a catalogue.

    Args:
        address: Where pg_depend knows it.
        phase: The tie-breaker of the creation order.
        item: The object.
        target: How COMMENT ON and ALTER … OWNER call it (`TABLE public.users`), or "".
        acl: Its access privileges in the engine's text, or nothing for the default.
        default_acl: What the engine grants where `acl` is nothing.
        parts: Objects that its SQL makes along (columns, identity sequences).
        aliases: Addresses that stand for it in pg_depend (an index behind a constraint).
    """

    address: Address
    phase: Phase
    item: SchemaObject
    target: str = ""
    acl: list[str] | None = None
    default_acl: list[str] | None = None
    parts: tuple[Entry, ...] = ()
    aliases: tuple[Address, ...] = ()


def statements(*parts: str) -> str:
    """Join the statements that are there, in order, without a closing semicolon."""
    return ";\n".join(part for part in parts if part)


def options_text(options: Iterable[str] | None) -> str:
    """Write storage parameters (`fillfactor=70`) as the inside of WITH (…)."""
    pairs = (option.partition("=") for option in options or ())
    return ", ".join(f"{name}={literal(value)}" for name, _, value in pairs)


def literal(text: str) -> str:
    """Quote a text as an SQL string, with E'' where it holds backslashes."""
    quoted = "'" + text.replace("'", "''").replace("\\", "\\\\") + "'"
    return f"E{quoted}" if "\\" in text else quoted


def known(**attributes: str | None) -> dict[str, str]:
    """Keep the attributes that say something."""
    return {name: value for name, value in attributes.items() if value}


class Reader(Answers):
    """What several families of objects need, read once, and the queries of each."""

    def __init__(self, connection: psycopg.Connection[Any], schemas: Iterable[str] | None) -> None:
        super().__init__(connection, None if schemas is None else frozenset(schemas))
        self.version = connection.info.server_version
        self.index_names: dict[int, str] = {}

    def since(self, version: int, column: str, otherwise: str) -> str:
        """Return the SQL that the server's version knows; `version` is a major number."""
        return column if self.version >= version * 10_000 else otherwise

    @cached_property
    def namespaces(self) -> dict[int, Any]:
        """The schemas to read, by OID."""
        found = self.rows(
            f"""
            select oid, nspname, quote_ident(nspname) as name, pg_get_userbyid(nspowner) as owner,
                   quote_ident(pg_get_userbyid(nspowner)) as owner_name,
                   nspacl::text[] as acl, acldefault('n', nspowner)::text[] as default_acl
            from pg_namespace where nspname !~ '{HIDDEN}' order by nspname""",
            same="all",
        )
        return {row.oid: row for row in found if self.wanted is None or row.nspname in self.wanted}

    @cached_property
    def schema_array(self) -> str:
        """The array of the OIDs of the schemas to read."""
        return "'{" + ",".join(map(str, self.namespaces)) + "}'::oid[]"

    def qualified(self, schema: int, name: str) -> str:
        """Join a schema's quoted name and a quoted name."""
        return f"{self.namespaces[schema].name}.{name}"

    @cached_property
    def members(self) -> dict[tuple[int, int], int]:
        """Objects that came with an extension, as address to the extension's OID."""
        found = self.rows(
            "select classid, objid, refobjid from pg_depend where deptype = 'e' and objsubid = 0",
            same="all",
        )
        return {(row.classid, row.objid): row.refobjid for row in found}

    @cached_property
    def extensions(self) -> dict[int, str]:
        """Names of the installed extensions by OID."""
        found = self.rows("select oid, extname from pg_extension", same="all")
        return {row.oid: row.extname for row in found}

    @cached_property
    def role_names(self) -> dict[str, str]:
        """The roles' names as SQL writes them, by name."""
        query = "select rolname, quote_ident(rolname) as name from pg_roles"
        found = self.rows(query, same="all")
        return {row.rolname: row.name for row in found}

    def is_own(self, catalogue: int, oid: int) -> bool:
        """Whether the object did not come with an extension."""
        return (catalogue, oid) not in self.members

    @cached_property
    def parents(self) -> dict[int, list[int]]:
        """Parents of partitions, inheritance children and partition indexes, by child."""
        found: dict[int, list[int]] = {}
        for row in self.rows(
            "select inhrelid, inhparent from pg_inherits order by inhrelid, inhseqno", same="all"
        ):
            found.setdefault(row.inhrelid, []).append(row.inhparent)
        return found

    @cached_property
    def relations(self) -> dict[int, Any]:
        """Tables, views, sequences and composite types by OID, without extension members."""
        found = self.rows("""
            select c.oid, c.relnamespace as schema, quote_ident(c.relname) as part, c.relname,
                   c.relkind as kind, quote_ident(pg_get_userbyid(c.relowner)) as owner,
                   c.relpersistence as persistence, c.reloptions as options,
                   t.reloptions as toast_options, s.spcname as tablespace, a.amname as method,
                   c.relreplident as identity, c.relrowsecurity as secured,
                   c.relforcerowsecurity as forced, c.relispartition as is_partition,
                   pg_get_expr(c.relpartbound, c.oid) as bound,
                   case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as partition_key,
                   case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end as query,
                   c.relispopulated as populated, c.relacl::text[] as acl,
                   case when c.relacl is not null then acldefault(
                     case c.relkind when 'S' then 's'::"char" else 'r' end, c.relowner
                   )::text[] end as default_acl,
                   case when c.reloftype <> 0 then format_type(c.reloftype, null) end as of_type
            from pg_class c left join pg_class t on t.oid = c.reltoastrelid
              left join pg_tablespace s on s.oid = c.reltablespace
              left join pg_am a on a.oid = c.relam
            where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c')
              and c.relnamespace = any({schemas})
            order by c.relnamespace, c.relname""")
        return {row.oid: row for row in found if self.is_own(PG_CLASS, row.oid)}

    def name_of(self, relation: int) -> str:
        """The schema-qualified quoted name of a relation that is read."""
        row = self.relations[relation]
        return self.qualified(row.schema, row.part)
