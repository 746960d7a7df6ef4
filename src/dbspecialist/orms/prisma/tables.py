"""Models that come, go and are renamed, and labels of enums."""

from __future__ import annotations

import re

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import AddEnumValue, CreateTable, DropTable, RenameTable
from dbspecialist.orms.prisma.columns import field_name, field_text
from dbspecialist.orms.prisma.document import Block, Document, attribute
from dbspecialist.orms.prisma.keys import add_relation
from dbspecialist.orms.prisma.names import keys_of, pin_names


def create_table(document: Document, edit: CreateTable) -> None:
    """Write a model at the end of the file that has most of them."""
    if document.find(edit.plain, edit.schema):
        raise InputError(f"table {edit.plain} has a model already", str(document.root))
    models = list(document.blocks("model"))
    if not models:
        raise InputError("no model was found to write a new one like", str(document.root))
    file = max(document.texts, key=lambda path: sum(item.file == path for item in models))
    peer = [item for item in models if item.file == file][-1]
    name = _model_name(models, edit.plain)
    lines = [f"model {name} {{", *_fields(document, peer, edit)]
    several = len(edit.primary_key) > 1
    keys = [field_name(document, peer, item) for item in edit.primary_key]
    more = [f"@@id([{', '.join(keys)}])"] if several else []
    more += [f'@@map("{edit.plain}")'] if name != edit.plain else []
    more += [f'@@schema("{edit.schema or "public"}")'] if edit.schema or peer.schema else []
    lines += ["", *(f"  {item}" for item in more)] if more else []
    text = document.texts[file]
    while text and not text[-1].strip():
        text.pop()
    text += ["", *lines, "}", ""]
    block = document.model(edit.plain, edit.schema)
    for key in edit.keys:
        add_relation(document, document.model(block.table, edit.schema), key)


def _fields(document: Document, peer: Block, edit: CreateTable) -> list[str]:
    texts = [
        field_text(document, peer, column, edit.primary_key == (column.name,))
        for column in edit.columns
    ]
    name = max((len(item[0]) for item in texts), default=0)
    kind = max((len(item[1]) for item in texts), default=0)
    return [f"  {a.ljust(name)} {b.ljust(kind)} {c}".rstrip() for a, b, c in texts]


def _model_name(models: list[Block], table: str) -> str:
    mapped = [item for item in models if item.table != item.name]
    if not mapped:
        return table
    words = [word for word in table.split("_") if word]
    plural = [item for item in mapped if item.table.endswith("s")]
    if sum(not item.name.endswith("s") for item in plural) * 2 > len(plural):
        words[-1] = (
            re.sub(r"ies$", "y", words[-1])
            if words[-1].endswith("ies")
            else re.sub(r"(?<![su])s$", "", words[-1])
        )
    return "".join(word[:1].upper() + word[1:] for word in words)


def drop_table(document: Document, edit: DropTable) -> None:
    """Remove a model and what other models have of relations with it.

    Raises:
        InputError: Where another model's foreign key refers to it.
    """
    block = document.model(edit.plain, edit.schema)
    for other in document.blocks("model"):
        for field in other.fields():
            refers = field.type == block.name and "fields" in field.get("@relation")
            if other.name != block.name and refers:
                raise InputError(
                    f"relation {field.name} of {other.name} refers to {block.name}",
                    other.place(field.line),
                    "drop its foreign key first",
                )
    lines = block.lines
    end = block.last + 1
    start = block.first
    while start and lines[start - 1].lstrip().startswith("//"):
        start -= 1
    while (
        end < len(lines) and not lines[end].strip() and (start == 0 or not lines[start - 1].strip())
    ):
        end += 1
    del lines[start:end]
    if lines and lines[-1].strip():
        lines.append("")
    for other in reversed(document.blocks("model")):
        for line in sorted(
            (item.line for item in other.fields() if item.type == block.name), reverse=True
        ):
            del other.lines[line]


def rename_table(document: Document, edit: RenameTable) -> None:
    """Map a model to another table; it keeps its name, and its keys keep theirs."""
    block = document.model(edit.plain, edit.schema)
    pin_names(block, list(keys_of(block)))
    mapped = next(iter(block.attributes("@@map")), None)
    if mapped is None:
        document.insert(block, block.last, *_map_lines(block, edit.name))
        return
    line, text = mapped
    found = attribute(text, "@@map")
    assert found is not None
    block.lines[line] = f'{text[: found[0]]}@@map("{edit.name}"){text[found[1] :]}'


def _map_lines(block: Block, name: str) -> list[str]:
    there = any(text.lstrip().startswith("@@") for _, text in block.body())
    return [*([] if there else [""]), f'  @@map("{name}")']


def add_enum_value(document: Document, edit: AddEnumValue) -> None:
    """Write a label more into an enum."""
    block = next((item for item in document.blocks("enum") if item.table == edit.plain), None)
    if block is None:
        raise InputError(
            f"no enum {edit.plain}", ", ".join(document.texts), "give the right folder"
        )
    values = {}
    for line, text in block.body():
        found = re.match(r'\s*(\w+)(.*@map\("([^"]*)"\))?', text)
        if found and not text.lstrip().startswith(("@@", "//")):
            values[found[3] or found[1]] = line
    name = re.sub(r"\W", "_", edit.value)
    name = name if name[:1].isalpha() else f"v{name}"
    mapped = "" if name == edit.value else f' @map("{edit.value}")'
    last = values.get(edit.after, max(values.values(), default=block.first))
    indent = re.match(r"\s*", block.lines[last])
    text = f"{(indent[0] if indent else '') or '  '}{name}{mapped}"
    document.insert(block, last + 1, text)
