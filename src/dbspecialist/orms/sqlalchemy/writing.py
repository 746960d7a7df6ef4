"""How types, defaults and columns are written in the style that a class has."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath

import libcst as cst

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import ColumnModel
from dbspecialist.facts.names import bare, parts
from dbspecialist.orms.sqlalchemy.enums import find_enum
from dbspecialist.orms.sqlalchemy.imports import Imports
from dbspecialist.orms.sqlalchemy.items import call_text, quoted
from dbspecialist.orms.sqlalchemy.model import BARE, CLASSIC, MAPPED, Model, models_in
from dbspecialist.orms.sqlalchemy.source import called
from dbspecialist.orms.sqlalchemy.types import CORE, Named, column_type
from dbspecialist.orms.sqlalchemy.workspace import Workspace

_LITERAL = re.compile(r"^'((?:[^']|'')*)'(::[\w .\"()\[\],]+)?$")
#: What `text()` takes for a parameter (its documentation: "escaped by a backslash").
_PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w+(?!:))")


@dataclass(frozen=True, slots=True)
class WrittenType:
    """A type's text as SQLAlchemy's and as Python's."""

    sql: str
    python: str
    derived: bool


class Writer:
    """Writes for one model; what it names is imported into the model's file."""

    def __init__(self, workspace: Workspace, model: Model) -> None:
        self.workspace, self.model, self.source = workspace, model, model.source
        self.imports = Imports(model.source)
        self.style, self.prefix = _style(workspace, model)

    def core(self, name: str) -> str:
        """Return how a name of SQLAlchemy is written here."""
        return self.imports.write(Named(CORE, name), self.prefix)

    def orm(self, name: str) -> str:
        """Return how a name of SQLAlchemy's ORM is written here."""
        return self.imports.write(Named("sqlalchemy.orm", name), self.prefix)

    def type(self, canonical: str, labels: tuple[str, ...] = ()) -> WrittenType:
        """Return how a type is written.

        Raises:
            InputError: Where SQLAlchemy has no class for it that is known here.
        """
        found = column_type(canonical)
        if found is None:
            return self._enum(canonical, labels)
        python = self.imports.write(found.python) if self.style == MAPPED else ""
        if found.derived and self.style == MAPPED and not self.workspace.maps_annotations:
            return WrittenType(found.type.name, python, True)
        written = self.imports.write(found.type, self.prefix)
        written += f"({found.arguments})" if found.arguments else ""
        if found.dimensions:
            many = f", dimensions={found.dimensions}" if found.dimensions > 1 else ""
            written = f"{self.core('ARRAY')}({written}{many})"
        for _ in range(found.dimensions):
            python = f"list[{python}]"
        return WrittenType(written, python, False)

    def _enum(self, canonical: str, labels: tuple[str, ...]) -> WrittenType:
        name = bare(parts(canonical)[-1])
        there = find_enum(self.workspace, name)
        if there is not None and there.source.path == self.source.path:
            return WrittenType(there.code, there.python or "str", False)
        if there is not None and there.python:
            module = module_of(there.source.path)
            python = self.imports.write(Named(module, there.python))
            arguments = [python, *there.code[:-1].split(",")[1:]]
            text = f"{self.core('Enum')}({', '.join(item.strip() for item in arguments)})"
            return WrittenType(text, python, False)
        if there is None and labels:
            arguments = [*map(quoted, labels), f"name={quoted(name)}"]
            return WrittenType(f"{self.core('Enum')}({', '.join(arguments)})", "str", False)
        raise InputError(
            f"no SQLAlchemy class is known for type {canonical}",
            self.source.place(self.model.node),
            "write the column by hand",
        )

    def default(self, expression: str) -> str:
        """Return a server default's text."""
        literal = _LITERAL.match(expression)
        if literal:
            return quoted(literal[1].replace("''", "'"))
        if expression.lower() == "now()" and ("func.now()" in self.source.text):
            return f"{self.core('func')}.now()"
        return self.sql(expression)

    def sql(self, expression: str) -> str:
        """Return an SQL expression's text."""
        return f"{self.core('text')}({quoted(_PARAMETER.sub(chr(92) + ':', expression))})"

    def optional(self, python: str) -> str:
        """Return an annotation that takes None, in the file's words."""
        if "Optional[" in self.source.text and "| None" not in self.source.text:
            return f"{self.imports.write(Named('typing', 'Optional'))}[{python}]"
        return f"{python} | None"

    def column(self, column: ColumnModel, key: bool = False, more: tuple[str, ...] = ()) -> str:
        """Return a column's statement, or a Table's argument, without a line break around it.

        Args:
            column: What it is.
            key: Whether it is in the primary key.
            more: Arguments behind its type, such as a foreign key.
        """
        written = self.type(column.type, column.labels)
        mapped = self.style == MAPPED
        arguments = [] if mapped and written.derived else [written.sql]
        arguments += [*more, *self._options(column, key, mapped)]
        name = attribute_of(column.name)
        if name != column.name or self.model.cls is None:
            arguments.insert(0, quoted(column.name))
        if self.model.cls is None:
            return self._call(CLASSIC, arguments, "", self._depth())
        if not mapped:
            return f"{name} = " + self._call(self.style, arguments, f"{name} = ")
        python = self.optional(written.python) if column.nullable else written.python
        head = f"{name}: {self.orm('Mapped')}[{python}]"
        return f"{head} = {self._call(BARE, arguments, head + ' = ')}" if arguments else head

    def _options(self, column: ColumnModel, key: bool, mapped: bool) -> list[str]:
        found = []
        if column.identity:
            always = "always=True" if column.identity == "always" else ""
            found.append(f"{self.core('Identity')}({always})")
        if key:
            found.append("primary_key=True")
        elif not mapped and not column.nullable:
            found.append("nullable=False")
        if column.default:
            found.append(f"server_default={self.default(column.default)}")
        if column.comment:
            found.append(f"comment={quoted(column.comment)}")
        return found

    def _call(self, name: str, arguments: list[str], head: str, indent: str | None = None) -> str:
        module = "sqlalchemy.orm" if name == BARE else CORE
        function = self.imports.write(Named(module, name), self.prefix)
        indent = self.model.indent if indent is None else indent
        lead = len(indent) + len(head)
        return call_text(function, arguments, lead, indent, self.workspace.width)

    def _depth(self) -> str:
        call = self.model.node
        assert isinstance(call, cst.Call)
        return self.source.indent(call.args[-1])


def attribute_of(name: str) -> str:
    """Return the attribute for a column: its name where Python and SQLAlchemy take it."""
    plain = re.sub(r"\W", "_", name)
    if plain in {"metadata", "registry"} or not plain.isidentifier() or cst_keyword(plain):
        return f"{plain}_" if plain.isidentifier() else f"_{plain}"
    return plain


def cst_keyword(name: str) -> bool:
    """Whether Python keeps a name to itself."""
    import keyword

    return keyword.iskeyword(name)


def module_of(path: str) -> str:
    """Return the module that a path is imported as, below a folder `src` where there is one."""
    names = list(PurePosixPath(path).with_suffix("").parts)
    if "src" in names:
        names = names[names.index("src") + 1 :]
    return ".".join(names[:-1] if names[-1] == "__init__" else names)


def _style(workspace: Workspace, model: Model) -> tuple[str, str]:
    """Return how a class writes its columns, and the object it takes `Column` from (`db`)."""
    if model.cls is None:
        return CLASSIC, _prefix([model])
    own = _styles([model])
    if not own:
        same_file = list(models_in(model.source))
        own = _styles(same_file) or _styles(workspace.fullest())
        return (own.most_common(1)[0][0] if own else MAPPED), _prefix([model, *same_file])
    return own.most_common(1)[0][0], _prefix([model])


def _styles(models: list[Model]) -> Counter[str]:
    found: Counter[str] = Counter()
    for model in models:
        for column in model.columns.values() if model.cls else ():
            if column.annotation is not None:
                found[MAPPED] += 1
            else:
                found[called(column.call)] += 1
    return found


def _prefix(models: list[Model]) -> str:
    """Return the object that columns are made from where it is no module: `db`."""
    for model in models:
        for column in model.columns.values():
            function = column.call.func if column.call else None
            if isinstance(function, cst.Attribute):
                owner = model.source.code(function.value)
                if owner not in Imports(model.source).modules.values():
                    return owner
    return ""
