"""Text search dictionaries and configurations, and collations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dbspecialist.engines.postgresql.catalogue.reader import (
    PG_COLLATION,
    PG_TS_CONFIG,
    PG_TS_DICT,
    Address,
    Entry,
    Phase,
    Reader,
    known,
    literal,
    statements,
)
from dbspecialist.facts.catalogue import SchemaObject

PROVIDERS = {"c": "libc", "i": "icu", "b": "builtin"}


def dictionary_entries(reader: Reader) -> Iterator[Entry]:
    """Yield text search dictionaries."""
    for row in reader.rows("""
        select d.oid, d.dictnamespace as schema, quote_ident(d.dictname) as name,
               quote_ident(n.nspname) || '.' || quote_ident(t.tmplname) as template,
               d.dictinitoption as options, quote_ident(pg_get_userbyid(d.dictowner)) as owner
        from pg_ts_dict d join pg_ts_template t on t.oid = d.dicttemplate
          join pg_namespace n on n.oid = t.tmplnamespace
        where d.dictnamespace = any({schemas})"""):
        options = f", {row.options}" if row.options else ""
        clause = f"(TEMPLATE = {row.template}{options})"
        attributes = {"template": row.template} | known(options=row.options)
        yield from own(reader, (PG_TS_DICT, row.oid, 0), row, attributes, clause)


def configuration_entries(reader: Reader) -> Iterator[Entry]:
    """Yield text search configurations with their mappings."""
    mappings = read_mappings(reader)
    for row in reader.rows("""
        select c.oid, c.cfgnamespace as schema, quote_ident(c.cfgname) as name,
               quote_ident(n.nspname) || '.' || quote_ident(p.prsname) as parser,
               quote_ident(pg_get_userbyid(c.cfgowner)) as owner
        from pg_ts_config c join pg_ts_parser p on p.oid = c.cfgparser
          join pg_namespace n on n.oid = p.prsnamespace
        where c.cfgnamespace = any({schemas})"""):
        found = mappings.get(row.oid, {})
        mapped = [f"ADD MAPPING FOR {token} WITH {found[token]}" for token in sorted(found)]
        attributes = {"parser": row.parser} | known(mappings="; ".join(mapped))
        clause = f"(PARSER = {row.parser})"
        yield from own(reader, (PG_TS_CONFIG, row.oid, 0), row, attributes, clause, *mapped)


def read_mappings(reader: Reader) -> dict[int, dict[str, str]]:
    """Read which dictionaries each configuration asks for a token."""
    found: dict[int, dict[str, str]] = {}
    for row in reader.rows("""
        select m.mapcfg as configuration, quote_ident(t.alias) as token,
               string_agg(quote_ident(n.nspname) || '.' || quote_ident(d.dictname), ', '
                          order by m.mapseqno) as dictionaries
        from pg_ts_config_map m join pg_ts_config c on c.oid = m.mapcfg
          join lateral ts_token_type(c.cfgparser) t on t.tokid = m.maptokentype
          join pg_ts_dict d on d.oid = m.mapdict join pg_namespace n on n.oid = d.dictnamespace
        where c.cfgnamespace = any({schemas}) group by 1, 2"""):
        found.setdefault(row.configuration, {})[row.token] = row.dictionaries
    return found


def own(
    reader: Reader,
    address: Address,
    row: Any,
    attributes: dict[str, str],
    *steps: str,
) -> Iterator[Entry]:
    """Put a text search object on its way where it did not come with an extension.

    Args:
        steps: What follows CREATE and the name, and then what follows each ALTER.
    """
    if not reader.is_own(*address[:2]):
        return
    words = {PG_TS_DICT: "DICTIONARY", PG_TS_CONFIG: "CONFIGURATION"}
    name = reader.qualified(row.schema, row.name)
    target = f"TEXT SEARCH {words[address[0]]} {name}"
    create = statements(
        f"CREATE {target} {steps[0]}",
        *(f"ALTER {target} {text}" for text in steps[1:]),
        f"ALTER {target} OWNER TO {row.owner}",
    )
    kind = f"text search {words[address[0]].lower()}"
    item = SchemaObject(kind, name, "", attributes | {"owner": row.owner}, create)
    yield Entry(address, Phase.TEXT_SEARCH, item, target)


def collation_entries(reader: Reader) -> Iterator[Entry]:
    """Yield collations."""
    locale = reader.since(17, "colllocale", reader.since(15, "colliculocale", "null::text"))
    rules = reader.since(16, "collicurules", "null::text")
    for row in reader.rows(f"""
        select oid, collnamespace as schema, quote_ident(collname) as name,
               collprovider as provider, collcollate as collate, collctype as ctype,
               {locale} as locale, {rules} as rules, collisdeterministic as deterministic,
               quote_ident(pg_get_userbyid(collowner)) as owner
        from pg_collation where collnamespace = any({{schemas}})"""):
        if reader.is_own(PG_COLLATION, row.oid):
            yield collation(reader, row)


def collation(reader: Reader, row: Any) -> Entry:
    """Tell one collation; before 15 an ICU collation keeps its locale in collcollate."""
    locale = row.locale or (row.collate if row.collate == row.ctype else None)
    attributes = {"provider": PROVIDERS.get(row.provider, "default")} | known(
        locale=locale,
        lc_collate=None if locale else row.collate,
        lc_ctype=None if locale else row.ctype,
        rules=row.rules,
        deterministic=None if row.deterministic else "false",
    )
    clauses = ", ".join(
        f"{name} = {value if name in {'provider', 'deterministic'} else literal(value)}"
        for name, value in attributes.items()
    )
    name = reader.qualified(row.schema, row.name)
    create = statements(
        f"CREATE COLLATION {name} ({clauses})", f"ALTER COLLATION {name} OWNER TO {row.owner}"
    )
    item = SchemaObject("collation", name, "", attributes | {"owner": row.owner}, create)
    return Entry((PG_COLLATION, row.oid, 0), Phase.COLLATION, item, f"COLLATION {name}")
