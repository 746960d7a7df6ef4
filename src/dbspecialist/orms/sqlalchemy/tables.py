"""Tables that come and go."""

from __future__ import annotations

import re

import libcst as cst

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import ColumnModel, CreateTable, DropTable
from dbspecialist.orms.sqlalchemy.foreign_keys import add_foreign_key, foreign_key_text
from dbspecialist.orms.sqlalchemy.items import quoted
from dbspecialist.orms.sqlalchemy.model import Model
from dbspecialist.orms.sqlalchemy.source import Source
from dbspecialist.orms.sqlalchemy.workspace import Workspace
from dbspecialist.orms.sqlalchemy.writing import Writer


def create_table(workspace: Workspace, edit: CreateTable) -> None:
    """Write a class, or a Table, at the end of the file that has most of them."""
    from dbspecialist.facts.model_edit import AddForeignKey

    if workspace.find(edit.plain, edit.schema):
        raise InputError(f"table {edit.plain} has a model already", str(workspace.root))
    peer = _peer(workspace)
    text = _class(workspace, peer, edit) if peer.cls else _table(workspace, peer, edit)
    source = peer.source
    gap = "\n\n" if peer.cls else "\n"
    lead = "" if source.text.endswith("\n") else "\n"
    writer_end = len(source.text.encode())
    source.put(writer_end, writer_end, f"{lead}{gap}{text}\n")
    workspace.save(source)
    for key in edit.keys:
        if len(key.columns) > 1:
            add_foreign_key(workspace, AddForeignKey(edit.table, key))


def _peer(workspace: Workspace) -> Model:
    """Return the model that the new one is written like: the last of the fullest file."""
    same = workspace.fullest()
    classes = [item for item in same if item.cls is not None]
    if not same:
        raise InputError("no model was found to write a new one like", str(workspace.root))
    return (classes or same)[-1]


def _columns(writer: Writer, edit: CreateTable) -> list[str]:
    keys = {key.columns[0]: key for key in edit.keys if len(key.columns) == 1}
    found = []
    for column in edit.columns:
        more = (foreign_key_text(writer, keys[column.name]),) if column.name in keys else ()
        text = writer.column(column, column.name in edit.primary_key, more)
        found.append(_unnumbered(text) if _is_numbered(column, edit, bool(more)) else text)
    return found


def _is_numbered(column: ColumnModel, edit: CreateTable, refers: bool) -> bool:
    """Whether SQLAlchemy would make a plain integer key a serial one ("autoincrement")."""
    whole = column.type in {"integer", "bigint", "smallint"}
    alone = edit.primary_key == (column.name,)
    return whole and alone and not column.identity and not column.default and not refers


def _unnumbered(text: str) -> str:
    return text.replace("primary_key=True", "primary_key=True, autoincrement=False")


def _class(workspace: Workspace, peer: Model, edit: CreateTable) -> str:
    writer = Writer(workspace, peer)
    assert peer.cls is not None
    bases = [peer.source.code(arg.value) for arg in peer.cls.bases]
    base = next((item for item in reversed(bases) if item.endswith(("Base", "Model"))), bases[-1])
    indent = peer.indent
    lines = [f"class {_class_name(workspace, edit.plain)}({base}):"]
    lines.append(f"{indent}__tablename__ = {quoted(edit.plain)}")
    options = _options(edit)
    if options:
        lines.append(f"{indent}__table_args__ = {{{', '.join(options)}}}")
    lines += ["", *(indent + item for item in _columns(writer, edit))]
    writer.imports.apply()
    return "\n".join(lines)


def _options(edit: CreateTable) -> list[str]:
    found = [f'"schema": {quoted(edit.schema)}'] if edit.schema else []
    return found + ([f'"comment": {quoted(edit.comment)}'] if edit.comment else [])


def _class_name(workspace: Workspace, table: str) -> str:
    """Return a class's name: singular where the other classes' are."""
    models = [item for item in workspace.fullest() if item.cls is not None]
    plural = [item for item in models if item.table.endswith("s")]
    singular = [item for item in plural if item.cls and not item.cls.name.value.endswith("s")]
    words = [word for word in re.split(r"[^a-zA-Z0-9]+", table) if word]
    if len(singular) * 2 > len(plural):
        words[-1] = _singular(words[-1])
    name = "".join(word[:1].upper() + word[1:] for word in words)
    return name if name[:1].isalpha() else f"Table{name}"


def _singular(word: str) -> str:
    for ending, one in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if word.endswith(ending):
            return word.removesuffix(ending) + one
    plain = word.endswith(("ss", "us", "is"))
    return word if plain else word.removesuffix("s")


def _table(workspace: Workspace, peer: Model, edit: CreateTable) -> str:
    writer = Writer(workspace, peer)
    assert isinstance(peer.node, cst.Call)
    function = peer.source.code(peer.node.func)
    metadata = peer.source.code(peer.node.args[1].value)
    items = [quoted(edit.plain), metadata, *_columns(writer, edit)]
    items += [f"schema={quoted(edit.schema)}"] if edit.schema else []
    items += [f"comment={quoted(edit.comment)}"] if edit.comment else []
    writer.imports.apply()
    inner = "".join(f"    {item},\n" for item in items)
    return f"{edit.plain} = {function}(\n{inner})"


def drop_table(workspace: Workspace, edit: DropTable) -> None:
    """Remove a table's class, or its Table.

    Raises:
        InputError: Where something else names it.
    """
    model = workspace.model(edit)
    source = model.source
    statement = _statement(model)
    name = model.cls.name.value if model.cls else _assigned(source, statement)
    words = rf"""\b{re.escape(name)}\b|["']([\w.]+\.)?{re.escape(edit.plain)}(\.\w+)?["']"""
    for other in workspace.mentioning(words):
        _refuse_mentions(other, statement, name, words)
    start = source.line_start(source.start(statement))
    before = source.between(0, start)
    blank = len(before) - len(before.rstrip("\n"))
    source.put(start - max(blank - 1, 0), source.line_end(source.end(statement)), "")
    workspace.save(source)


def _statement(model: Model) -> cst.CSTNode:
    for line in model.source.tree.body:
        inside = model.source.start(line) <= model.source.start(model.node) < model.source.end(line)
        if inside:
            return line
    raise InputError("it is not at the file's top level", model.source.place(model.node))


def _assigned(source: Source, line: cst.CSTNode) -> str:
    found = re.match(r"(\w+)\s*(:[^=]+)?=", source.code(line))
    return found[1] if found else ""


def _refuse_mentions(source: Source, own: cst.CSTNode, name: str, words: str) -> None:
    """Refuse where another statement names the class, or its table in a foreign key."""
    word = re.compile(words)
    for line in source.tree.body:
        found = None if line is own else word.search(source.code(line))
        if found:
            at = source.code(line).count("\n", 0, found.start())
            raise InputError(
                f"{name} is still used",
                f"{source.path}:{source.line(line) + at}",
                "take that out first",
            )
