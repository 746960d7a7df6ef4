"""Grants and default privileges: where the access lists depart from the engine's defaults."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dbspecialist.engines.postgresql.catalogue.reader import Entry, Reader, known, statements
from dbspecialist.facts.catalogue import SchemaObject

#: Letters of access lists (manual, "Privileges").
PRIVILEGES = {
    "r": "SELECT",
    "a": "INSERT",
    "w": "UPDATE",
    "d": "DELETE",
    "D": "TRUNCATE",
    "x": "REFERENCES",
    "t": "TRIGGER",
    "m": "MAINTAIN",
    "X": "EXECUTE",
    "U": "USAGE",
    "C": "CREATE",
}

#: What GRANT calls kinds whose COMMENT ON has another word.
GRANTED_AS = {
    "VIEW": "TABLE",
    "MATERIALIZED VIEW": "TABLE",
    "FOREIGN TABLE": "TABLE",
    "SERVER": "FOREIGN SERVER",
}

DEFAULTS_FOR = {
    "r": "TABLES",
    "S": "SEQUENCES",
    "f": "FUNCTIONS",
    "T": "TYPES",
    "n": "SCHEMAS",
    "L": "LARGE OBJECTS",
}

_ITEM = re.compile(r'^("(?:[^"]|"")*"|[^=]*)=([A-Za-z*]*)/', re.DOTALL)

#: A grantee's privileges, each with whether it may be granted on.
Held = dict[str, bool]


def parse(items: Iterable[str]) -> dict[str, Held]:
    """Read an access list: privileges by grantee, "" being PUBLIC."""
    found: dict[str, Held] = {}
    for item in items:
        match = _ITEM.match(item)
        assert match is not None, item
        name = match[1][1:-1].replace('""', '"') if match[1].startswith('"') else match[1]
        held = found.setdefault(name, {})
        for letter, star in re.findall(r"([A-Za-z])(\*?)", match[2]):
            privilege = PRIVILEGES[letter]
            held[privilege] = bool(star) or held.get(privilege, False)
    return found


def departures(items: Iterable[str], default: Iterable[str]) -> Iterator[tuple[str, Held, bool]]:
    """Yield grantees whose privileges are not the default ones, and whether they had some."""
    now, before = parse(items), parse(default)
    for grantee in [*(name for name in before if name not in now), *now]:
        held = now.get(grantee, {})
        if held != before.get(grantee, {}):
            yield grantee, held, grantee in before


def grants(reader: Reader, entries: Iterable[Entry]) -> Iterator[SchemaObject]:
    """Yield the grants on the entries and on their columns."""
    for entry in entries:
        for one in (entry, *entry.parts):
            if one.acl is None:
                continue
            for grantee, held, revoke in departures(one.acl, one.default_acl or ()):
                yield grant(one, reader.role_names.get(grantee, "PUBLIC"), held, revoke=revoke)


def grant(entry: Entry, grantee: str, held: Held, *, revoke: bool) -> SchemaObject:
    """Tell what one role may do with one object."""
    item = entry.item
    columns, target = "", granted_as(entry.target)
    if item.kind == "aggregate":  # GRANT does not know its ORDER BY
        target = f"FUNCTION {item.name}"
    if item.kind == "column":
        columns = f" ({item.name.removeprefix(item.parent + '.')})"
        target = f"TABLE {item.parent}"
    create = statements(
        f"REVOKE ALL{columns} ON {target} FROM {grantee}" if revoke else "",
        *granting(held, columns, f"ON {target} TO {grantee}"),
    )
    return SchemaObject(
        "grant",
        f"{item.kind} {item.name} to {grantee}",
        item.parent or item.name,
        listed(held),
        create,
        item.extension,
    )


def granted_as(target: str) -> str:
    """Write a target as GRANT calls it."""
    for word, granted in GRANTED_AS.items():
        if target.startswith(f"{word} "):
            return granted + target[len(word) :]
    return target


def granting(held: Held, columns: str, rest: str) -> Iterator[str]:
    """Write the GRANTs, those with grant option by themselves."""
    for option in (False, True):
        names = [f"{name}{columns}" for name, grantable in held.items() if grantable is option]
        if names:
            yield f"GRANT {', '.join(names)} {rest}{' WITH GRANT OPTION' if option else ''}"


def listed(held: Held) -> Mapping[str, str]:
    """Write privileges as attributes."""
    grantable = ", ".join(sorted(name for name, option in held.items() if option))
    return {"privileges": ", ".join(sorted(held))} | known(grantable=grantable)


def default_privileges(reader: Reader) -> Iterator[SchemaObject]:
    """Yield what ALTER DEFAULT PRIVILEGES has set."""
    for row in reader.rows(
        """
        select quote_ident(pg_get_userbyid(d.defaclrole)) as role, d.defaclnamespace as schema,
               d.defaclobjtype as type, d.defaclacl::text[] as acl,
               case when d.defaclnamespace = 0 then acldefault(
                 case d.defaclobjtype when 'S' then 's'::"char" else d.defaclobjtype end,
                 d.defaclrole)::text[] end as default_acl
        from pg_default_acl d order by 1, 2, 3""",
        same="all",
    ):
        if row.schema and row.schema not in reader.namespaces:
            continue
        for grantee, held, revoke in departures(row.acl, row.default_acl or ()):
            name = reader.role_names.get(grantee, "PUBLIC")
            yield default_privilege(reader, row, name, held, revoke=revoke)


def default_privilege(
    reader: Reader, row: Any, grantee: str, held: Held, *, revoke: bool
) -> SchemaObject:
    """Tell what one role gets on objects that another will create."""
    place = f" IN SCHEMA {reader.namespaces[row.schema].name}" if row.schema else ""
    alter = f"ALTER DEFAULT PRIVILEGES FOR ROLE {row.role}{place}"
    kind = DEFAULTS_FOR[row.type]
    create = statements(
        f"{alter} REVOKE ALL ON {kind} FROM {grantee}" if revoke else "",
        *(f"{alter} {text}" for text in granting(held, "", f"ON {kind} TO {grantee}")),
    )
    name = f"{kind.lower()} of {row.role}{place} to {grantee}"
    return SchemaObject("default privileges", name, "", listed(held), create)
