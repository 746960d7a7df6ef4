"""Comments, as objects of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbspecialist.engines.postgresql.catalogue.reader import (
    FIRST_OWN_OID,
    PG_NAMESPACE,
    Entry,
    Reader,
    literal,
)
from dbspecialist.facts.catalogue import SchemaObject

#: The fixed OID of the schema that initdb makes and that is read.
PUBLIC = 2200


def comments(reader: Reader, entries: Iterable[Entry]) -> Iterator[SchemaObject]:
    """Yield the comments on the entries and their parts, in the entries' order."""
    found = {
        (row.classoid, row.objoid, row.objsubid): row.description
        for row in reader.rows(
            "select classoid, objoid, objsubid, description from pg_description "
            f"where objoid >= {FIRST_OWN_OID}"
            f" or objoid = {PUBLIC} and classoid = {PG_NAMESPACE}",
            same="all",
        )
    }
    for entry in entries if found else ():
        for one in (entry, *entry.parts):
            text = found.get(one.address)
            if text is not None and one.target:
                yield comment(one, text)


def comment(entry: Entry, text: str) -> SchemaObject:
    """Tell one comment."""
    item = entry.item
    return SchemaObject(
        "comment",
        f"{item.kind} {item.name}",
        item.parent or item.name,
        {"text": text},
        f"COMMENT ON {entry.target} IS {literal(text)}",
        item.extension,
    )
