"""The session that catalogue queries share, and what they hand on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from enum import IntEnum, auto
from functools import cached_property
from typing import Any, cast

import psycopg
from psycopg.rows import namedtuple_row

from dbspecialist.engines.postgresql.catalogue.changes import (
    ByRelation,
    Memory,
    NamesChangedError,
    by_relation,
    changed_relations,
    memories,
    memory_of,
    merged,
    versions_query,
)
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


Parameters = tuple[str, ...]


def _answers(
    connection: psycopg.Connection[Any], queries: Iterable[tuple[str, Parameters]]
) -> dict[str, list[Any]]:
    """Run queries without waiting for each ("Pipeline Mode", PostgreSQL manual, libpq)."""
    cursors = {}
    with connection.pipeline() if psycopg.Pipeline.is_supported() else nullcontext():
        for query, given in queries:
            cursors[query] = connection.cursor(row_factory=namedtuple_row)
            # Planning takes longer than running; what is asked again is planned once.
            cursors[query].execute(query.encode(), given or None, prepare=True)
    return {query: cast("list[Any]", cursor.fetchall()) for query, cursor in cursors.items()}


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


class Reader:
    """Runs catalogue queries in one transaction; what several families need is read once.

    Over a connection that was read before, all queries of that time are sent at once, and of the
    longest ones only the rows of relations that have changed are asked for.
    """

    def __init__(self, connection: psycopg.Connection[Any], schemas: Iterable[str] | None) -> None:
        self.version = connection.info.server_version
        self._connection = connection
        self._cursor = connection.cursor(row_factory=namedtuple_row)
        self._wanted = None if schemas is None else frozenset(schemas)
        self._before = memory_of(connection, self._wanted)
        self._now = Memory(self._wanted)
        self._foreseen = _answers(connection, ((query, ()) for query in self._before.asked))
        self.index_names: dict[int, str] = {}
        if self._before.asked:  # a first reading may be the only one
            self._now.versions = dict(self.rows(versions_query()))

    def keep(self) -> None:
        """Keep what was read for the next reading over the connection."""
        memories[self._connection] = self._now

    def rows(self, query: str) -> list[Any]:
        """Run a query; `{schemas}` in it stands for the array of the OIDs to read."""
        text = query.replace("{schemas}", self._schema_array) if "{schemas}" in query else query
        self._now.asked.append(text)
        return self._foreseen[text] if text in self._foreseen else self._run(text)

    def _run(self, query: str) -> list[Any]:
        self._cursor.execute(query.encode())
        return cast("list[Any]", self._cursor.fetchall())

    def by_relation(self, query: str, relation: str) -> ByRelation:
        """Run a query whose rows belong to relations, for those that have changed.

        Args:
            query: Holds `{changed}` at the end of its conditions.
            relation: What in it tells the relation's OID.
        """
        query = query.replace("{schemas}", self._schema_array)
        some = query.replace("{changed}", f"and {relation} = any(%s::oid[])")
        found = self._changes[1].get(some)
        if found is None:
            found = by_relation(self._run(query.replace("{changed}", "")))
        self._now.rows[some] = found
        return found

    @property
    def changed(self) -> frozenset[int] | None:
        """The relations that are not as they were read last; nothing where any may be."""
        return self._changes[0]

    @cached_property
    def _changes(self) -> tuple[frozenset[int] | None, dict[str, ByRelation]]:
        """What has changed, and the rows of all relations by the queries that ask for some."""
        before, now = self._before, self._now
        now.names = {row.oid: (row.schema, row.relname) for row in self.relations.values()}
        now.members = self.members
        changed = changed_relations(before, now)
        if changed is None:
            return None, {}
        wanted = ("{" + ",".join(map(str, changed)) + "}",)
        fresh = _answers(self._connection, ((query, wanted) for query in before.rows if changed))
        try:
            return changed, {
                query: merged(rows, changed, fresh.get(query, ()))
                for query, rows in before.rows.items()
            }
        except NamesChangedError:
            return None, {}

    def kept(
        self, kind: str, relation: int, origin: Any, make: Callable[[], Iterable[Entry]]
    ) -> list[Entry]:
        """Make the entries of a relation, or take those of before where nothing has changed.

        Args:
            kind: What the entries are.
            relation: The relation's OID.
            origin: What they are made of besides the relation's own rows.
            make: Makes them.
        """
        key = kind, relation
        whole = (self.relations.get(relation), origin)
        had = self._before.entries.get(key)
        is_same = self.changed is not None and relation not in self.changed
        is_single = relation not in self.parents  # else columns of other relations count as well
        if not (had and is_same and is_single and had[0] == whole):
            had = whole, list(make())
        self._now.entries[key] = had
        return had[1]

    def since(self, version: int, column: str, otherwise: str) -> str:
        """Return the SQL that the server's version knows; `version` is a major number."""
        return column if self.version >= version * 10_000 else otherwise

    @cached_property
    def namespaces(self) -> dict[int, Any]:
        """The schemas to read, by OID."""
        found = self.rows(f"""
            select oid, nspname, quote_ident(nspname) as name, pg_get_userbyid(nspowner) as owner,
                   quote_ident(pg_get_userbyid(nspowner)) as owner_name,
                   nspacl::text[] as acl, acldefault('n', nspowner)::text[] as default_acl
            from pg_namespace where nspname !~ '{HIDDEN}' order by nspname""")
        return {
            row.oid: row for row in found if self._wanted is None or row.nspname in self._wanted
        }

    @cached_property
    def _schema_array(self) -> str:
        return "'{" + ",".join(map(str, self.namespaces)) + "}'::oid[]"

    def qualified(self, schema: int, name: str) -> str:
        """Join a schema's quoted name and a quoted name."""
        return f"{self.namespaces[schema].name}.{name}"

    @cached_property
    def members(self) -> dict[tuple[int, int], int]:
        """Objects that came with an extension, as address to the extension's OID."""
        found = self.rows(
            "select classid, objid, refobjid from pg_depend where deptype = 'e' and objsubid = 0"
        )
        return {(row.classid, row.objid): row.refobjid for row in found}

    @cached_property
    def extensions(self) -> dict[int, str]:
        """Names of the installed extensions by OID."""
        return {row.oid: row.extname for row in self.rows("select oid, extname from pg_extension")}

    @cached_property
    def role_names(self) -> dict[str, str]:
        """The roles' names as SQL writes them, by name."""
        found = self.rows("select rolname, quote_ident(rolname) as name from pg_roles")
        return {row.rolname: row.name for row in found}

    def is_own(self, catalogue: int, oid: int) -> bool:
        """Whether the object did not come with an extension."""
        return (catalogue, oid) not in self.members

    @cached_property
    def parents(self) -> dict[int, list[int]]:
        """Parents of partitions, inheritance children and partition indexes, by child."""
        found: dict[int, list[int]] = {}
        for row in self.rows(
            "select inhrelid, inhparent from pg_inherits order by inhrelid, inhseqno"
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
