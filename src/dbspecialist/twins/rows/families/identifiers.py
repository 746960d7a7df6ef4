"""Identifiers: uuid, object and log identifiers, label paths."""

from __future__ import annotations

from uuid import UUID

from dbspecialist.twins.rows.families.request import Request
from dbspecialist.twins.rows.families.text import WORDS

TYPES = frozenset(
    {"uuid", "oid", "xid", "xid8", "cid", "tid", "pg_lsn", "txid_snapshot", "pg_snapshot"}
    | {"regclass", "regtype", "regproc", "regprocedure", "regrole", "regnamespace", "regoper"}
    | {"regconfig", "regdictionary", "regcollation", "ltree", "lquery", "ltxtquery"}
)

#: Catalogue objects that every PostgreSQL server has.
OBJECTS = {
    "regclass": ("pg_class", "pg_type", "pg_proc", "pg_index", "pg_attribute"),
    "regtype": ("integer", "text", "bigint", "boolean", "uuid"),
    "regproc": ("now", "pi", "random", "version", "clock_timestamp"),
    "regprocedure": ("now()", "pi()", "version()", "lower(text)", "upper(text)"),
    "regrole": ("pg_monitor", "pg_read_all_data", "pg_write_all_data"),
    "regnamespace": ("pg_catalog", "information_schema", "pg_toast"),
    "regoper": ("!~~*",),
    "regconfig": ("simple", "english", "german", "french"),
    "regdictionary": ("simple", "english_stem"),
    "regcollation": ('"C"', '"POSIX"', '"default"'),
}


def value(request: Request) -> str:
    """Make an identifier; uuids are of version 4."""
    base, row = request.type.base, request.row
    if base == "uuid":
        return str(UUID(int=request.rng.getrandbits(128), version=4))
    if base in OBJECTS:
        return OBJECTS[base][row % len(OBJECTS[base])]
    forms = {
        "tid": f"(0,{row + 1})",
        "pg_lsn": f"0/{row + 1:X}",
        "txid_snapshot": f"{row + 10}:{row + 10}:",
        "pg_snapshot": f"{row + 10}:{row + 10}:",
        "ltree": f"top.{WORDS[row % len(WORDS)]}{row}",
        "lquery": f"top.{WORDS[row % len(WORDS)]}{row}",
        "ltxtquery": f"{WORDS[row % len(WORDS)]}{row}",
    }
    return forms.get(base, str(row + 1))
