"""The names of keys and indexes: stated by `map`, or made from tables and columns.

Prisma's documentation, "Configuring the name of constraints and indexes": `{table}_{columns}_key`,
`_idx`, `_fkey` and `{table}_pkey`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dbspecialist.orms.prisma.document import (
    Block,
    attribute,
    list_argument,
    text_argument,
)

_ENDINGS = {
    "@unique": "_key",
    "@@unique": "_key",
    "@@index": "_idx",
    "@relation": "_fkey",
    "@id": "_pkey",
    "@@id": "_pkey",
}
#: PostgreSQL's limit of a name in bytes.
_LONGEST = 63


@dataclass(frozen=True, slots=True)
class Key:
    """An index or key that a model states.

    Args:
        kind: The attribute: `@unique`, `@@unique`, `@@index`, `@relation`, `@id`, `@@id`.
        line: Its line in the file.
        fields: The fields that it is on.
        name: Its name in the database.
        stated: Whether `map` states the name.
    """

    kind: str
    line: int
    fields: tuple[str, ...]
    name: str
    stated: bool


def keys_of(block: Block) -> Iterator[Key]:
    """Yield what a model states of keys and indexes."""
    for field in block.fields():
        for kind in ("@id", "@unique"):
            if field.has(kind):
                yield _key(block, kind, field.line, (field.name,), field.get(kind))
        fields = list_argument(field.get("@relation"), "fields")
        if fields:
            yield _key(block, "@relation", field.line, fields, field.get("@relation"))
    for kind in ("@@id", "@@unique", "@@index"):
        for line, text in block.attributes(kind):
            yield _key(block, kind, line, list_argument(text), text)


def _key(block: Block, kind: str, line: int, fields: tuple[str, ...], text: str) -> Key:
    stated = text_argument(text, "map")
    return Key(kind, line, fields, stated or default_name(block, kind, fields), bool(stated))


def default_name(block: Block, kind: str, fields: Iterable[str]) -> str:
    """Return the name that Prisma gives a key of a model."""
    columns = {item.name: item.column for item in block.fields()}
    ending = _ENDINGS[kind]
    names = [] if ending == "_pkey" else [columns.get(item, item) for item in fields]
    return "_".join([block.table, *names])[: _LONGEST - len(ending)] + ending


def pin_names(block: Block, keys: Iterable[Key]) -> None:
    """State the names of keys, so that they stay when a table or column is renamed."""
    for key in keys:
        if not key.stated:
            text = block.lines[key.line]
            found = attribute(text, key.kind)
            assert found is not None
            call = text[slice(*found)]
            mapped = f'map: "{key.name}"'
            new = f"{call[:-1]}, {mapped})" if call.endswith(")") else f"{call}({mapped})"
            block.lines[key.line] = text[: found[0]] + new + text[found[1] :]
