"""A table's model as it stands in a file: a mapped class or a Table, with its columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from dbspecialist.orms.sqlalchemy.source import (
    Source,
    body_of,
    called,
    keyword,
    last_name,
    positional,
    text_value,
)

#: How a class writes its columns.
MAPPED, BARE, CLASSIC = "Mapped", "mapped_column", "Column"
CALLS = frozenset({"mapped_column", "Column", "Field"})
#: Calls of attributes that are no columns.
_RELATIONS = frozenset({"relationship", "Relationship", "association_proxy", "synonym", "backref"})


@dataclass(frozen=True)
class Column:
    """One column in a file.

    Args:
        attribute: The name in the class; of a Table the column's own.
        name: The column's name in the database.
        node: The statement, or the argument of Table(...).
        call: The call that describes it; nothing where the annotation is all.
        annotation: What stands after the colon, or nothing.
    """

    attribute: str
    name: str
    node: cst.SimpleStatementLine | cst.Arg
    call: cst.Call | None = None
    annotation: cst.BaseExpression | None = None

    @property
    def reference(self) -> str:
        """The name that indexes, constraints and foreign keys refer to it by: its key."""
        named = keyword(self.call, "key") if self.call else None
        return (text_value(named.value) if named else None) or self.name

    @property
    def key(self) -> cst.Call | None:
        """Its ForeignKey(...), or nothing."""
        calls = (arg.value for arg in positional(self.call)) if self.call else ()
        return next((item for item in calls if called(item) == "ForeignKey"), None)  # type: ignore[return-value]

    @property
    def type(self) -> cst.BaseExpression | None:
        """What states its SQL type, or nothing where the annotation does."""
        if self.call is None:
            return None
        named = keyword(self.call, "type_") or keyword(self.call, "sa_type")
        if named is not None:
            return named.value
        for number, arg in enumerate(positional(self.call)):
            if number == 0 and text_value(arg.value) is not None:
                continue
            if called(arg.value) in _NO_TYPES:
                return None
            return arg.value
        return None


_NO_TYPES = frozenset({"ForeignKey", "Computed", "Identity", "Sequence", "CheckConstraint"})


@dataclass(frozen=True)
class Model:
    """One table's model.

    Args:
        source: The file.
        table: The table's name.
        node: The class, or the call of Table.
        columns: By their names in the database.
        statement: Where the class or Table stands at the top level of the file.
    """

    source: Source
    table: str
    node: cst.ClassDef | cst.Call
    columns: dict[str, Column] = field(default_factory=dict)

    @property
    def cls(self) -> cst.ClassDef | None:
        """The class, or nothing where it is a Table."""
        return self.node if isinstance(self.node, cst.ClassDef) else None

    @property
    def indent(self) -> str:
        """The white space before each of the class's statements."""
        if self.cls is None:
            return ""
        return self.source.indent(body_of(self.cls)[-1])

    @property
    def names(self) -> dict[str, str]:
        """The columns' names by what stands for them: attributes and keys."""
        columns = self.columns.values()
        return {item.reference: item.name for item in columns} | {
            item.attribute: item.name for item in columns
        }

    def reference(self, column: str) -> str:
        """Return what indexes and keys refer to a column by."""
        found = self.columns.get(column)
        return found.reference if found else column

    def assignment(self, name: str) -> cst.SimpleStatementLine | None:
        """Return the statement of the class that assigns to a name."""
        for line in body_of(self.cls) if self.cls else ():
            if isinstance(line, cst.SimpleStatementLine) and target_of(line.body[0]) == name:
                return line
        return None


def class_columns(source: Source, node: cst.ClassDef) -> dict[str, Column]:
    """Return the columns that a class's body states, by name."""
    found = {}
    for line in body_of(node):
        column = _class_column(source, line)
        if column is not None:
            found[column.name] = column
    return found


def _class_column(source: Source, line: cst.CSTNode) -> Column | None:
    if not isinstance(line, cst.SimpleStatementLine):
        return None
    item = line.body[0]
    attribute = target_of(item)
    if not attribute or attribute.startswith("__"):
        return None
    value = item.value if isinstance(item, cst.Assign | cst.AnnAssign) else None
    annotation = item.annotation.annotation if isinstance(item, cst.AnnAssign) else None
    call = value if isinstance(value, cst.Call) and called(value) in CALLS else None
    if called(value) in _RELATIONS:
        return None
    if call is None and (value is not None or not _states_a_column(source, annotation)):
        return None
    return Column(attribute, _name(call) or attribute, line, call, annotation)


def _states_a_column(source: Source, annotation: cst.BaseExpression | None) -> bool:
    """Whether a bare annotation is a column's: Mapped[…] of no collection."""
    if not isinstance(annotation, cst.Subscript) or last_name(annotation.value) != "Mapped":
        return False
    inner = source.code(annotation.slice[0])
    return not inner.strip("\"'").startswith(("list[", "List[", "set[", "Set["))


def table_columns(call: cst.Call) -> dict[str, Column]:
    """Return the columns that a Table(...) states, by name."""
    found = {}
    for arg in positional(call):
        if called(arg.value) == "Column" and isinstance(arg.value, cst.Call):
            name = _name(arg.value)
            if name:
                found[name] = Column(name, name, arg, arg.value)
    return found


def _name(call: cst.Call | None) -> str:
    """Return the name that a column's call states, or ""."""
    if call is None:
        return ""
    args = positional(call)
    first = text_value(args[0].value) if args and called(call) != "Field" else None
    named = keyword(call, "name")
    return first or (text_value(named.value) if named else None) or ""


def target_of(item: cst.CSTNode) -> str:
    """Return the name that a statement assigns to, or ""."""
    if isinstance(item, cst.AnnAssign):
        return last_name(item.target)
    if isinstance(item, cst.Assign):
        return last_name(item.targets[0].target)
    return ""


def models_in(source: Source) -> Iterator[Model]:
    """Yield the models of a file: classes with a table's name, and Tables."""
    for node in _classes(source.tree.body):
        name = table_of(source, node)
        if name:
            yield Model(source, name, node, class_columns(source, node))
    for call in _tables(source.tree):
        args = positional(call)
        named = text_value(args[0].value) if args else None
        if named:
            yield Model(source, named, call, table_columns(call))


def table_of(source: Source, node: cst.ClassDef) -> str:
    """Return the table of a class: __tablename__, or SQLModel's lower-case class name."""
    for line in body_of(node):
        if isinstance(line, cst.SimpleStatementLine) and target_of(line.body[0]) == "__tablename__":
            item = line.body[0]
            value = item.value if isinstance(item, cst.Assign | cst.AnnAssign) else None
            return text_value(value) or ""
    marks = {arg.keyword.value: source.code(arg.value) for arg in node.keywords if arg.keyword}
    return node.name.value.lower() if marks.get("table") == "True" else ""


def _classes(body: object) -> Iterator[cst.ClassDef]:
    for line in body if isinstance(body, list | tuple) else ():
        if isinstance(line, cst.ClassDef):
            yield line
        elif isinstance(line, cst.If):
            yield from _classes(line.body.body)


def _tables(tree: cst.Module) -> Iterator[cst.Call]:
    found: list[cst.Call] = []

    class Visitor(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:  # noqa: N802 - libcst's name
            if called(node) == "Table" and len(positional(node)) > 1:
                found.append(node)

    tree.visit(Visitor())
    yield from found
