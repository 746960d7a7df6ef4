"""What a model states beside its columns: `__table_args__`, or the arguments of a Table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from dbspecialist.facts.errors import InputError
from dbspecialist.orms.sqlalchemy.items import Holder, call_text, insert, items_of
from dbspecialist.orms.sqlalchemy.model import Model
from dbspecialist.orms.sqlalchemy.source import body_of, called, keyword, positional, text_value
from dbspecialist.orms.sqlalchemy.workspace import Workspace

KINDS = frozenset(
    {"Index", "UniqueConstraint", "CheckConstraint", "ForeignKeyConstraint"}
    | {"PrimaryKeyConstraint", "ExcludeConstraint"}
)


@dataclass(frozen=True)
class Stated:
    """One index or constraint in a model.

    Args:
        kind: The class that is called.
        call: The call.
        holder: What holds it.
        index: Its place among the holder's items.
    """

    kind: str
    call: cst.Call
    holder: Holder
    index: int

    @property
    def name(self) -> str:
        """Its name, "" where none is given as a constant."""
        args = positional(self.call)
        named = keyword(self.call, "name")
        value = named.value if named else args[0].value if args and self.kind == "Index" else None
        if called(value) == "conv" and isinstance(value, cst.Call):
            value = value.args[0].value
        return text_value(value) or ""

    def columns(self, attributes: dict[str, str]) -> tuple[str, ...]:
        """Return the columns that it is on, "" for what is no plain column.

        Args:
            attributes: Columns by attributes and keys (`Model.names`).
        """
        args = [arg.value for arg in positional(self.call)]
        if (
            self.kind == "ForeignKeyConstraint"
            and args
            and isinstance(args[0], cst.List | cst.Tuple)
        ):
            args = [item.value for item in args[0].elements]
        elif self.kind == "Index":
            args = args[1:]
        return tuple(_column(item, attributes) for item in args)


def _column(node: cst.BaseExpression, attributes: dict[str, str]) -> str:
    named = text_value(node)
    if named is not None:
        return attributes.get(named, named)
    return attributes.get(node.value, "") if isinstance(node, cst.Name) else ""


def stated(model: Model) -> Iterator[Stated]:
    """Yield the indexes and constraints that a model states beside its columns."""
    holder = holder_of(model)
    for number, item in enumerate(items_of(holder) if holder is not None else ()):
        value = item.value
        if isinstance(value, cst.Call) and called(value) in KINDS and holder is not None:
            yield Stated(called(value), value, holder, number)


def holder_of(model: Model) -> Holder | None:
    """Return what holds a model's constraints, nothing where there are none.

    Raises:
        InputError: Where a function or an expression makes them.
    """
    if isinstance(model.node, cst.Call):
        return model.node
    value = _value(model)
    if value is None or isinstance(value, cst.Dict):
        _refuse_function(model)
        return None
    if isinstance(value, cst.Tuple):
        return value
    raise InputError(
        "__table_args__ is no plain tuple", model.source.place(value), "edit it by hand"
    )


def _value(model: Model) -> cst.BaseExpression | None:
    line = model.assignment("__table_args__")
    item = line.body[0] if line else None
    return item.value if isinstance(item, cst.Assign | cst.AnnAssign) else None


def _refuse_function(model: Model) -> None:
    for line in body_of(model.cls) if model.cls else ():
        if isinstance(line, cst.FunctionDef) and line.name.value == "__table_args__":
            raise InputError(
                "__table_args__ is a function", model.source.place(line), "edit it by hand"
            )


def add(workspace: Workspace, model: Model, function: str, arguments: list[str]) -> None:
    """State an index or constraint more."""
    source, width = model.source, workspace.width
    holder = holder_of(model)
    if holder is None:
        _begin(model, function, arguments, width)
        return
    items = items_of(holder)
    last = items[-1] if items else None
    own_line = (
        last is not None
        and not source.between(source.line_start(source.start(last)), source.start(last)).strip()
    )
    indent = source.indent(last) if last is not None and own_line else model.indent + "    "
    text = call_text(function, arguments, len(indent), indent, width)
    options = last is not None and isinstance(last.value, cst.Dict)
    if not own_line and isinstance(holder, cst.Tuple):
        _one_each(model, holder, text, options)
        return
    after = len(items) - 2 if options else _last_of(holder)
    insert(source, holder, text, after)


def _last_of(holder: Holder) -> int:
    """Return the index of the last item that has no name."""
    items = items_of(holder)
    plain = [n for n, item in enumerate(items) if not (isinstance(item, cst.Arg) and item.keyword)]
    return plain[-1] if plain else -1


def _one_each(model: Model, holder: cst.Tuple, text: str, options: bool) -> None:
    """Write a tuple that stands in one line with each item in a line of its own."""
    source = model.source
    texts = [source.code(item) for item in holder.elements]
    texts.insert(len(texts) - 1 if options else len(texts), text)
    flat = f"__table_args__ = ({', '.join(texts)})"
    start, end = source.start(holder), source.end(holder)
    if "\n" not in flat and len(model.indent) + len(flat) <= 88:
        source.put(start, end, ", ".join(texts))
        return
    inner = "".join(f"\n{model.indent}    {item}," for item in texts)
    source.put(start, end, f"{inner}\n{model.indent}")


def _begin(model: Model, function: str, arguments: list[str], width: int) -> None:
    """Write the first constraint of a class; a dictionary of options stays behind it."""
    source, indent = model.source, model.indent
    options = _value(model)
    head = "__table_args__ = ("
    if options is not None:
        deeper = indent + "    "
        first = call_text(function, arguments, len(deeper), deeper, width)
        source.replace(options, f"(\n{deeper}{first},\n{deeper}{source.code(options)},\n{indent})")
        return
    flat = f"{head}{function}({', '.join(arguments)}),)"
    if len(indent) + len(flat) > width:
        deeper = indent + "    "
        inner = call_text(function, arguments, len(deeper), deeper, width - 1)
        flat = f"{head}\n{deeper}{inner},\n{indent})"
    anchor = model.assignment("__tablename__")
    line = anchor if anchor is not None else body_of(model.cls)[0] if model.cls else None
    assert line is not None
    source.insert_line_after(line, f"{indent}{flat}")
