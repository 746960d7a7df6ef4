"""Fields that come, go, are renamed and change."""

from __future__ import annotations

import re

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import (
    AddColumn,
    ChangeColumn,
    ColumnModel,
    DropColumn,
    RenameColumn,
)
from dbspecialist.orms.prisma.document import Block, Document, Field, attribute, list_argument
from dbspecialist.orms.prisma.names import keys_of, pin_names
from dbspecialist.orms.prisma.types import PrismaType, default_of, prisma_type


def add_column(document: Document, edit: AddColumn) -> None:
    """Write a field behind the last one of a column."""
    block = document.model(edit.plain, edit.schema)
    for field in block.fields():
        if field.column == edit.column.name:
            place = block.place(field.line)
            raise InputError(f"table {edit.plain} has column {field.column} already", place)
    last = last_column(document, block)
    like = block.lines[last.line] if last else ""
    text = field_text(document, block, edit.column)
    document.insert(block, (last.line if last else block.first) + 1, aligned(text, like))


def last_column(document: Document, block: Block) -> Field | None:
    """Return the last field that is no relation."""
    models = {item.name for item in document.blocks("model")}
    columns = [item for item in block.fields() if item.type not in models]
    return columns[-1] if columns else None


def field_text(
    document: Document, block: Block, column: ColumnModel, key: bool = False
) -> tuple[str, str, str]:
    """Return a field's name, type and attributes."""
    kind = prisma_type(column.type, enums(document))
    name = field_name(document, block, column.name)
    mark = "[]" if kind.array else "?" if column.nullable else ""
    found = ["@id"] if key else []
    if column.identity:
        found.append("@default(autoincrement())")
    elif column.default:
        found.append(f"@default({_default(document, kind, column.default)})")
    found += [f'@map("{column.name}")'] if name != column.name else []
    found += [kind.native] if kind.native else []
    return name, f"{kind.name}{mark}", " ".join(found)


def _default(document: Document, kind: PrismaType, expression: str) -> str:
    enum = next((item for item in document.blocks("enum") if item.name == kind.name), None)
    return default_of(expression, kind, enum)


def enums(document: Document) -> dict[str, str]:
    """Return Prisma's names of enums by those in the database."""
    return {item.table: item.name for item in document.blocks("enum")}


def field_name(document: Document, block: Block, column: str) -> str:
    """Return a field's name for a column: in camel case where the models map such names."""
    mapped = [item for item in block.fields() if item.has("@map")]
    if not mapped and not any("_" in item.name for item in block.fields()):
        others = (item for other in document.blocks("model") for item in other.fields())
        mapped = [item for item in others if item.has("@map")]
    if mapped and all("_" not in item.name for item in mapped):
        return camel(column)
    return column if re.fullmatch(r"[A-Za-z]\w*", column) else re.sub(r"^\W|^\d|\W", "x", column)


def camel(name: str) -> str:
    """Write a name of words with underscores in camel case."""
    first, *rest = [word for word in name.split("_") if word] or [name]
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def aligned(text: tuple[str, str, str], like: str) -> str:
    """Write a field with its parts below those of another line, where they fit."""
    found = re.match(r"(\s*)(\w+\s+)(\S+\s*)", like)
    indent, name, kind = (found[1], len(found[2]), len(found[3])) if found else ("  ", 0, 0)
    if found and found.end() == len(like.rstrip("\r")):
        kind = 0
    line = f"{text[0]} ".ljust(name) + (f"{text[1]} ".ljust(kind) if text[2] else text[1])
    return f"{indent}{line}{text[2]}".rstrip()


def field_of(block: Block, column: str) -> Field:
    """Return the field of a column.

    Raises:
        InputError: Where there is none.
    """
    for field in block.fields():
        if field.column == column:
            return field
    raise InputError(f"model {block.name} has no column {column}", block.place())


def drop_column(document: Document, edit: DropColumn) -> None:
    """Remove a field, and the indexes that hold it."""
    block = document.model(edit.plain, edit.schema)
    field = field_of(block, edit.column)
    for other in block.fields():
        if field.name in list_argument(other.get("@relation"), "fields"):
            raise InputError(
                f"relation {other.name} goes by column {edit.column}",
                block.place(other.line),
                "drop its foreign key first",
            )
    gone = [field.line]
    for name in ("@@index", "@@unique", "@@id", "@@fulltext"):
        for line, text in block.attributes(name):
            if field.name in list_argument(text):
                gone.append(line)
    for line in sorted(gone, reverse=True):
        del block.lines[line]


def rename_column(document: Document, edit: RenameColumn) -> None:
    """Map a field to another column; it keeps its name, and its indexes keep theirs."""
    block = document.model(edit.plain, edit.schema)
    field = field_of(block, edit.column)
    pin_names(block, [item for item in keys_of(block) if field.name in item.fields])
    field = field_of(block, edit.column)
    new = "" if edit.name == field.name else f'@map("{edit.name}")'
    set_attribute(block, field, "@map", new)


def change_column(document: Document, edit: ChangeColumn) -> None:
    """Change a field's type, nullability or default; comments are none of Prisma's."""
    block = document.model(edit.plain, edit.schema)
    if edit.type is not None:
        field = field_of(block, edit.column)
        kind = prisma_type(edit.type, enums(document))
        _retype(block, field, kind.name, "[]" if kind.array else field.mark.replace("[]", ""))
        for native in re.findall(r"@db\.\w+", field.text):
            set_attribute(block, field_of(block, edit.column), native, "")
        set_attribute(block, field_of(block, edit.column), "@db.", kind.native)
    if edit.nullable is not None:
        field = field_of(block, edit.column)
        if field.mark != "[]":
            _retype(block, field, field.type, "?" if edit.nullable else "")
    if edit.default is not None:
        field = field_of(block, edit.column)
        kind = PrismaType(field.type, field.mark == "[]")
        value = f"@default({_default(document, kind, edit.default)})" if edit.default else ""
        set_attribute(block, field, "@default", value)


def _retype(block: Block, field: Field, name: str, mark: str) -> None:
    """Write another type into a field's line; what follows stays in its place where it can."""
    old, new = f"{field.type}{field.mark}", f"{name}{mark}"
    at = field.text.index(old, len(field.text) - len(field.text.lstrip()) + len(field.name))
    rest = field.text[at + len(old) :]
    if rest.strip():
        gap = len(rest) - len(rest.lstrip())
        rest = " " * max(1, gap + len(old) - len(new)) + rest.lstrip()
    block.lines[field.line] = field.text[:at] + new + rest


def set_attribute(block: Block, field: Field, name: str, value: str) -> None:
    """Give a field an attribute, another text for it, or none."""
    text = field.text
    found = attribute(text, name)
    if found and value:
        text = text[: found[0]] + value + text[found[1] :]
    elif found:
        before, after = text[: found[0]].rstrip(), text[found[1] :]
        text = before + after if after.strip() else before + after.lstrip(" ")
    elif value:
        code = re.match(r"(.*?)(\s*(//.*)?\r?)$", text)
        assert code is not None
        text = f"{code[1]} {value}{code[2]}"
    block.lines[field.line] = text
