"""The names that a module imports, and new ones in the style that it has."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from dbspecialist.orms.sqlalchemy.source import Source
from dbspecialist.orms.sqlalchemy.types import Named


class Imports:
    """What one file imports at its top level, and what it will."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.members: dict[tuple[str, str], str] = {}
        self.modules: dict[str, str] = {}
        self._froms: dict[str, cst.ImportFrom] = {}
        self._wanted: dict[str, set[str]] = {}
        self._statements = list(_statements(source.tree))
        self._bound = set(_bound(source.tree))
        for statement in self._statements:
            self._read(statement)

    def _read(self, statement: cst.Import | cst.ImportFrom) -> None:
        if isinstance(statement, cst.Import):
            for item in statement.names:
                name = self.source.code(item.name)
                self.modules[name] = _alias(item) or name
            return
        if (
            statement.module is None
            or statement.relative
            or isinstance(statement.names, cst.ImportStar)
        ):
            return
        module = self.source.code(statement.module)
        self._froms.setdefault(module, statement)
        for item in statement.names:
            name = self.source.code(item.name)
            self.members[module, name] = _alias(item) or name
            self.modules.setdefault(f"{module}.{name}", _alias(item) or name)

    def write(self, named: Named, prefix: str = "") -> str:
        """Return how a name is written in this file, and import it where it is not.

        Args:
            named: The name and its module.
            prefix: The object (`db` of Flask-SQLAlchemy) that the class takes such names from.
        """
        if not named.module:
            return self._builtin(named.name)
        known = self._known(named)
        if known:
            return known
        if prefix and named.module in {"sqlalchemy", "sqlalchemy.orm"}:
            return f"{prefix}.{named.name}"
        if named.name in self._bound:
            self._wanted.setdefault("", set()).add(named.module)
            return f"{named.module}.{named.name}"
        self._wanted.setdefault(named.module, set()).add(named.name)
        return named.name

    def _builtin(self, name: str) -> str:
        if "Any" in name:
            return name.replace("Any", self.write(Named("typing", "Any")))
        return name

    def _known(self, named: Named) -> str:
        places = [named.module]
        if named.module in {"sqlalchemy", "sqlalchemy.orm"}:
            places += ["sqlalchemy", "sqlalchemy.orm", "sqlalchemy.schema", "sqlalchemy.types"]
        for place in places:
            if (place, named.name) in self.members:
                return self.members[place, named.name]
        if named.module in self.modules:
            return f"{self.modules[named.module]}.{named.name}"
        return ""

    def apply(self) -> None:
        """Put the names that were wanted and are not imported into the file."""
        for module, names in sorted(self._wanted.items()):
            if module in self._froms:
                self._extend(self._froms[module], sorted(names))
            else:
                self._add(module, sorted(names))

    def _extend(self, statement: cst.ImportFrom, names: list[str]) -> None:
        assert not isinstance(statement.names, cst.ImportStar)
        source, items = self.source, list(statement.names)
        there = [source.code(item.name) for item in items]
        exploded = "\n" in source.code(statement)
        for name in names:
            before = [
                item
                for item, known in zip(items, there, strict=True)
                if _order(known) < _order(name)
            ]
            gap = f"\n{source.indent(items[0])}" if exploded else " "
            if before:
                at = source.end(before[-1].name if before[-1].asname is None else before[-1])
                source.put(at, at, f",{gap}{name}")
            else:
                at = source.start(items[0])
                source.put(at, at, f"{name},{gap}")

    def _add(self, module: str, names: list[str]) -> None:
        source = self.source
        if not module:
            lines = [f"import {name}" for name in names]
        else:
            lines = [f"from {module} import {', '.join(names)}"]
        earlier = [
            item for item in self._statements if self._group(item) <= _group(module or names[0])
        ]
        same = [item for item in earlier if self._group(item) == _group(module or names[0])]
        text = "\n".join(lines)
        if not self._statements:
            at = _after_docstring(source)
            source.put(at, at, f"{text}\n\n")
        elif same:
            before = [item for item in same if self._key(item) < _key(module, names)]
            if before:
                source.insert_line_after(before[-1], text)
            else:
                at = source.line_start(source.start(same[0]))
                source.put(at, at, f"{text}\n")
        elif earlier:
            source.insert_line_after(earlier[-1], f"\n{text}")
        else:
            at = source.line_start(source.start(self._statements[0]))
            source.put(at, at, f"{text}\n\n")

    def _group(self, statement: cst.Import | cst.ImportFrom) -> int:
        return _group(
            self._module(statement),
            isinstance(statement, cst.ImportFrom) and bool(statement.relative),
        )

    def _key(self, statement: cst.Import | cst.ImportFrom) -> tuple[bool, str]:
        return isinstance(statement, cst.ImportFrom), self._module(statement)

    def _module(self, statement: cst.Import | cst.ImportFrom) -> str:
        if isinstance(statement, cst.Import):
            return self.source.code(statement.names[0].name)
        return self.source.code(statement.module) if statement.module else ""


def _key(module: str, names: list[str]) -> tuple[bool, str]:
    return bool(module), module or names[0]


def _group(module: str, relative: bool = False) -> int:
    """Return the section of a module in sorted imports: future, standard, others, own."""
    if relative:
        return 3
    top = module.partition(".")[0]
    if top == "__future__":
        return 0
    return 1 if top in {"datetime", "decimal", "enum", "typing", "uuid"} or _standard(top) else 2


def _standard(top: str) -> bool:
    import sys

    return top in sys.stdlib_module_names


def _order(name: str) -> tuple[int, str]:
    """Sort constants, classes and functions as isort does."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name


def _alias(item: cst.ImportAlias) -> str:
    if item.asname is None or not isinstance(item.asname.name, cst.Name):
        return ""
    return item.asname.name.value


def _statements(tree: cst.Module) -> Iterator[cst.Import | cst.ImportFrom]:
    for line in tree.body:
        if isinstance(line, cst.SimpleStatementLine):
            for item in line.body:
                if isinstance(item, cst.Import | cst.ImportFrom):
                    yield item


def _bound(tree: cst.Module) -> Iterator[str]:
    """Yield the names that a module binds at its top level."""
    for line in tree.body:
        if isinstance(line, cst.ClassDef | cst.FunctionDef):
            yield line.name.value
        elif isinstance(line, cst.SimpleStatementLine):
            for item in line.body:
                yield from _names_bound(item)


def _names_bound(item: cst.BaseSmallStatement) -> Iterator[str]:
    if isinstance(item, cst.Assign):
        yield from (to.target.value for to in item.targets if isinstance(to.target, cst.Name))
    elif isinstance(item, cst.AnnAssign) and isinstance(item.target, cst.Name):
        yield item.target.value
    elif isinstance(item, cst.Import | cst.ImportFrom) and not isinstance(
        item.names, cst.ImportStar
    ):
        for alias in item.names:
            written = _alias(alias)
            yield written or (alias.name.value if isinstance(alias.name, cst.Name) else "")


def _after_docstring(source: Source) -> int:
    first = source.tree.body[0] if source.tree.body else None
    if isinstance(first, cst.SimpleStatementLine) and isinstance(first.body[0], cst.Expr):
        return source.line_end(source.end(first))
    return 0
