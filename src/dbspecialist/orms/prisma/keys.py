"""Indexes, unique keys and relations that come and go."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dbspecialist.facts.model_edit import (
    AddForeignKey,
    AddIndex,
    AddUnique,
    DropConstraint,
    DropIndex,
    ForeignKeyModel,
)
from dbspecialist.facts.names import bare, parts
from dbspecialist.orms.prisma.columns import aligned, camel, field_of, last_column, set_attribute
from dbspecialist.orms.prisma.document import Block, Document, text_argument
from dbspecialist.orms.prisma.names import Key, default_name, keys_of

_ACTIONS = {
    "": "NoAction",
    "NO ACTION": "NoAction",
    "CASCADE": "Cascade",
    "RESTRICT": "Restrict",
    "SET NULL": "SetNull",
    "SET DEFAULT": "SetDefault",
}
_METHODS = {"hash": "Hash", "gin": "Gin", "gist": "Gist", "spgist": "SpGist", "brin": "Brin"}


def add_index(document: Document, edit: AddIndex) -> None:
    """State an index; one with a predicate, expressions or INCLUDE is none of Prisma's."""
    plain = all(re.fullmatch(r'\w+|"[^"]+"', item) for item in edit.columns)
    if not plain or edit.predicate or edit.include:
        return
    block = document.model(edit.plain, edit.schema)
    kind, method = "@@unique" if edit.unique else "@@index", _METHODS.get(edit.method)
    _add(document, block, _Stated(kind, edit.columns, edit.name, method))


def add_unique(document: Document, edit: AddUnique) -> None:
    """State a unique key."""
    block = document.model(edit.plain, edit.schema)
    _add(document, block, _Stated("@@unique", edit.columns, edit.name))


@dataclass(frozen=True, slots=True)
class _Stated:
    kind: str
    columns: tuple[str, ...]
    name: str
    method: str | None = None


def _add(document: Document, block: Block, new: _Stated) -> None:
    fields = [field_of(block, bare(column)) for column in new.columns]
    names = [item.name for item in fields]
    mapped = "" if default_name(block, new.kind, names) == new.name else f'map: "{new.name}"'
    if new.kind == "@@unique" and len(fields) == 1:
        set_attribute(block, fields[0], "@unique", f"@unique({mapped})" if mapped else "@unique")
        return
    more = [f"type: {new.method}"] if new.method else []
    arguments = ", ".join([f"[{', '.join(names)}]", *([mapped] if mapped else []), *more])
    _add_line(document, block, f"{new.kind}({arguments})")


def _add_line(document: Document, block: Block, text: str) -> None:
    """Write a block attribute behind the others, or behind a blank line at the end."""
    there = [line for line, text_ in block.body() if text_.lstrip().startswith("@@")]
    fields = [item.line for item in block.fields()]
    found = re.match(r"\s*", block.lines[(there or fields or [block.first])[0]])
    indent = found[0] if found and found[0] else "  "
    if not there:
        document.insert(block, block.last, "", indent + text)
        return
    tables = [
        line for line in there if block.lines[line].lstrip().startswith(("@@map", "@@schema"))
    ]
    last = [line for line in there if line not in tables]
    document.insert(block, last[-1] + 1 if last else there[0], indent + text)


def drop_index(document: Document, edit: DropIndex) -> None:
    """Take an index out by its name; one that Prisma does not state is left to the migration."""
    block = document.model(edit.plain, edit.schema)
    _drop(document, block, edit.name, {"@@index", "@@unique", "@unique"})


def drop_constraint(document: Document, edit: DropConstraint) -> None:
    """Take a key out by its name; CHECKs are none of Prisma's."""
    block = document.model(edit.plain, edit.schema)
    kinds = {"foreign key": {"@relation"}, "unique": {"@@unique", "@unique"}}.get(edit.kind, set())
    _drop(document, block, edit.name, kinds)


def _drop(document: Document, block: Block, name: str, kinds: set[str]) -> None:
    for key in list(keys_of(block)):
        if key.name == name and key.kind in kinds:
            _take_out(document, block, key)
            return


def _take_out(document: Document, block: Block, key: Key) -> None:
    if key.kind == "@relation":
        _drop_relation(document, block, key)
    elif key.kind.startswith("@@"):
        del block.lines[key.line]
        before = block.lines[key.line - 1].strip()
        if not before and block.lines[key.line].strip() == "}":
            del block.lines[key.line - 1]
    else:
        field = next(item for item in block.fields() if item.line == key.line)
        set_attribute(block, field, key.kind, "")


def _drop_relation(document: Document, block: Block, key: Key) -> None:
    """Remove a relation's field, and the field on the other side."""
    field = next(item for item in block.fields() if item.line == key.line)
    label = text_argument(field.get("@relation"))
    model, target = block.name, field.type
    del block.lines[key.line]
    other = document.named(target)
    for back in list(other.fields()) if other else ():
        same = text_argument(back.get("@relation")) == label
        if other and back.type == model and same and "fields" not in back.get("@relation"):
            del other.lines[back.line]
            return


def add_foreign_key(document: Document, edit: AddForeignKey) -> None:
    """Write a relation's field on both sides."""
    block, key = document.model(edit.plain, edit.schema), edit.key
    add_relation(document, block, key)


def add_relation(document: Document, block: Block, key: ForeignKeyModel) -> None:
    """Write a relation from a model, and its field on the other side."""
    other = document.model(bare(parts(key.table)[-1]))
    table, schema, there = block.table, block.schema, other.table
    fields = [field_of(block, item) for item in key.columns]
    label = _label(block, other, key)
    arguments = [f'"{label}"'] if label else []
    arguments.append(f"fields: [{', '.join(item.name for item in fields)}]")
    referenced = ", ".join(field_of(other, item).name for item in key.referenced)
    arguments.append(f"references: [{referenced}]")
    optional = any(item.mark == "?" for item in fields)
    delete, update = _ACTIONS[key.on_delete.upper()], _ACTIONS[key.on_update.upper()]
    arguments += (
        [f"onDelete: {delete}"] if delete != ("SetNull" if optional else "Restrict") else []
    )
    arguments += [f"onUpdate: {update}"] if update != "Cascade" else []
    names = [item.name for item in fields]
    if key.name and key.name != default_name(block, "@relation", names):
        arguments.append(f'map: "{key.name}"')
    text = (
        _free(block, _relation_name(names, other.name)),
        f"{other.name}{'?' if optional else ''}",
        f"@relation({', '.join(arguments)})",
    )
    _write(document, block, text)
    block, other = document.model(table, schema), document.model(there)
    once = any(sorted(item.fields) == sorted(names) for item in _unique(block))
    name = block.name[:1].lower() + block.name[1:]
    back = _free(
        other, (name if once or name.endswith("s") else f"{name}s") if not label else camel(label)
    )
    mark = "?" if once else "[]"
    _write(document, other, (back, f"{block.name}{mark}", f'@relation("{label}")' if label else ""))


def _unique(block: Block) -> list[Key]:
    return [item for item in keys_of(block) if item.kind in {"@id", "@@id", "@unique", "@@unique"}]


def _label(block: Block, other: Block, key: ForeignKeyModel) -> str:
    """Return a relation's name where two models have several, as Prisma demands."""
    between = [item for item in block.fields() if item.type == other.name]
    between += [item for item in other.fields() if item.type == block.name]
    needed = bool(between) or block.name == other.name
    return f"{block.name}_{'_'.join(key.columns)}" if needed else ""


def _relation_name(fields: list[str], model: str) -> str:
    plain = re.sub(r"(_id|Id|_ID|ID)$", "", fields[0]) if len(fields) == 1 else ""
    if plain and plain != fields[0]:
        return plain
    return model[:1].lower() + model[1:]


def _free(block: Block, name: str) -> str:
    """Return a field's name that the model does not have yet."""
    taken = {item.name for item in block.fields()}
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}{number}", number + 1
    return free


def _write(document: Document, block: Block, text: tuple[str, str, str]) -> None:
    """Write a relation's field behind the model's others."""
    fields = list(block.fields())
    last = fields[-1] if fields else last_column(document, block)
    line = last.line if last else block.first
    document.insert(block, line + 1, aligned(text, block.lines[line]))
