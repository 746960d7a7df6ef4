"""The calls in a revision's upgrade function: where they stand, and what they are made of."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

#: Packages whose names say nothing about the database that a call is sent to.
_KNOWN = ("alembic", "sqlalchemy")


@dataclass(frozen=True, eq=False)
class Call:
    """One statement `op.…(…)` of an upgrade function.

    Args:
        node: The call.
        op: The name under which the file knows `alembic.op`, or "" where it calls another.
        source: The call's text.
        first: Its first line, from 1.
        last: Its last line.
        start: Its first byte in the file.
        end: The byte behind it.
        indent: What stands before it on its line.
        unit: One step of indentation in this file.
        newline: The file's line end.
        autocommits: Whether it stands in an `autocommit_block()` already.
        is_exact: Whether it runs once, alone on its lines, with values that the file states.
    """

    node: ast.Call
    op: str
    source: str
    first: int
    last: int
    start: int
    end: int
    indent: str
    unit: str
    newline: str
    autocommits: bool
    is_exact: bool

    @property
    def function(self) -> str:
        """The operation's name (`create_index`)."""
        return self.node.func.attr if isinstance(self.node.func, ast.Attribute) else ""

    def spans(self, line: int) -> bool:
        """Tell whether a line is one of the call's."""
        return self.first <= line <= self.last


def calls_of_upgrade(data: bytes) -> tuple[Call, ...]:
    """Return the statements of `upgrade` that are calls, in order.

    Those in loops, comprehensions, helpers and `try` are not among them: how often they run is
    not told by their place.
    """
    tree = ast.parse(data)
    upgrades = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name == "upgrade" and not node.decorator_list
    ]
    if len(upgrades) != 1:
        return ()
    file = _File(data, tree, upgrades[0])
    found = list(_statements(upgrades[0].body, autocommits=False))
    return tuple(
        file.call(node, autocommits, [item for item, _ in found]) for node, autocommits in found
    )


def _statements(body: Iterable[ast.stmt], autocommits: bool) -> Iterator[tuple[ast.Expr, bool]]:
    for node in body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield node, autocommits
        elif isinstance(node, ast.If):
            yield from _statements([*node.body, *node.orelse], autocommits)
        elif isinstance(node, ast.With) and all(map(_is_autocommit, node.items)):
            yield from _statements(node.body, autocommits=True)


def _is_autocommit(item: ast.withitem) -> bool:
    call = item.context_expr
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "autocommit_block"
    )


class _File:
    """A revision's bytes, and the names that its calls may use."""

    def __init__(self, data: bytes, tree: ast.Module, upgrade: ast.FunctionDef) -> None:
        self.data = data
        self.lines = data.splitlines(keepends=True)
        self.unit = self._before(upgrade.body[0]).decode()
        self.newline = "\r\n" if self.lines[0].endswith(b"\r\n") else "\n"
        self.ops = {name for name, origin in _imports(tree) if origin == "alembic.op"}
        known = {name for name, origin in _imports(tree) if origin.split(".")[0] in _KNOWN}
        literals = {
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign) and _is_literal(node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        self.stated = known | literals

    def _before(self, node: ast.stmt) -> bytes:
        return self.lines[node.lineno - 1][: node.col_offset]

    def call(self, node: ast.Expr, autocommits: bool, others: list[ast.Expr]) -> Call:
        call = node.value
        assert isinstance(call, ast.Call)
        last = node.end_lineno or node.lineno
        start = self._offset(node.lineno, node.col_offset)
        end = self._offset(last, node.end_col_offset or 0)
        op = _root(call)
        shares = any(
            item is not node and item.lineno <= last and (item.end_lineno or 0) >= node.lineno
            for item in others
        )
        exact = not shares and op in self.ops and self._is_alone(node) and self._states(call)
        return Call(
            node=call,
            op=op,
            source=self.data[start:end].decode(),
            first=node.lineno,
            last=last,
            start=start,
            end=end,
            indent=self._before(node).decode(),
            unit=self.unit,
            newline=self.newline,
            autocommits=autocommits,
            is_exact=exact,
        )

    def _offset(self, line: int, column: int) -> int:
        return sum(len(item) for item in self.lines[: line - 1]) + column

    def _is_alone(self, node: ast.Expr) -> bool:
        """Tell whether nothing but a comment shares the statement's lines."""
        rest = self.lines[(node.end_lineno or node.lineno) - 1][node.end_col_offset or 0 :].strip()
        return not self._before(node).strip() and (not rest or rest.startswith(b"#"))

    def _states(self, call: ast.Call) -> bool:
        """Tell whether the file itself states every value of a call."""
        names = (item.id for item in ast.walk(call) if isinstance(item, ast.Name))
        loops = (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp, ast.Lambda, ast.Await)
        return all(name in self.stated for name in names) and not any(
            isinstance(item, loops) for item in ast.walk(call)
        )


def _root(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return function.value.id
    return ""


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the names that a module imports at its top, with what they stand for."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            for item in node.names:
                yield item.asname or item.name.split(".")[0], item.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            for item in node.names:
                yield item.asname or item.name, f"{node.module}.{item.name}"


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True
