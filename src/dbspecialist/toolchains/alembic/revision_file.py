"""One Alembic revision file, read without importing it as far as its text tells.

What Alembic goes by are the values that the module's names have once it is imported
(`revision`, `down_revision`, `depends_on`, `branch_labels`: Alembic's tutorial, "Create a Migration
Script"). Where the text does not tell them, Alembic has to be asked (`Unclear`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.facts.errors import InputError

#: What a downgrade function is: statements, nothing, an exception raised at once, not there.
Back = Literal["body", "empty", "raises", "missing"]

#: Files without `revision` that are revisions all the same: those of Alembic 0.1.
_NAMED_BY_FILE = re.compile(r"[a-f0-9]+\.py")
_NAMES = ("revision", "down_revision", "depends_on", "branch_labels")
_UNKNOWN = object()


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision file.

    Args:
        revision: Its identifier.
        path: The file.
        down: `down_revision`, several for a merge.
        depends_on: Identifiers or branch labels of other branches.
        labels: `branch_labels`.
        title: The first line of its docstring.
        back: What its downgrade function is.
    """

    revision: str
    path: Path
    down: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    title: str = ""
    back: Back = "missing"


@dataclass(frozen=True, slots=True)
class Unclear:
    """A file of which importing it has to tell whether it is a revision, and which.

    Args:
        path: The file.
        line: Where what is not known stands.
        what: What is not known.
        back: What its downgrade function is.
    """

    path: Path
    line: int
    what: str
    back: Back = "missing"


def read_revision(path: Path) -> Revision | Unclear | None:
    """Read one revision file; nothing where it is none.

    Raises:
        InputError: When it does not parse.
    """
    if path.suffix != ".py":
        return Unclear(path, 1, "it is compiled", "body")
    try:
        tree = ast.parse(script_text(path))
    except SyntaxError as error:
        place = f"{path}:{error.lineno}"
        raise InputError(f"it does not parse: {error.msg}", place, "mend it") from error
    values, lines = _values(tree)
    computed = [name for name in _NAMES if values.get(name) is _UNKNOWN]
    if computed:
        return Unclear(path, lines[computed[0]], f"{computed[0]} is computed", _back(tree))
    if "revision" not in values:
        known = bool(_NAMED_BY_FILE.fullmatch(path.name)) or _looks_like_a_revision(tree)
        return Unclear(path, 1, "it assigns no revision", _back(tree)) if known else None
    return Revision(
        revision=str(values["revision"]),
        path=path,
        down=as_tuple(values.get("down_revision")),
        depends_on=as_tuple(values.get("depends_on")),
        labels=as_tuple(values.get("branch_labels")),
        title=(ast.get_docstring(tree) or "").strip().partition("\n")[0],
        back=_back(tree),
    )


def _values(tree: ast.Module) -> tuple[dict[str, Any], dict[str, int]]:
    """What a module's names are bound to when it has run, and where; unknown where code decides."""
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for node in tree.body:
        for name, value in _bindings(node, values):
            values[name] = value
            lines[name] = node.lineno
    return values, lines


def _bindings(node: ast.stmt, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _pairs(target, node.value, values)
    elif isinstance(node, ast.AnnAssign):
        if node.value is not None:
            yield from _pairs(node.target, node.value, values)
    else:  # conditions, loops, imports and such: what they bind is known once they have run
        for name in _bound_below(node):
            yield name, _UNKNOWN


def _pairs(target: ast.expr, value: ast.expr, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(target, ast.Name):
        yield target.id, _evaluated(value, values)
    elif isinstance(target, ast.Tuple | ast.List):
        parts = value.elts if isinstance(value, ast.Tuple | ast.List) else []
        plain = not any(isinstance(item, ast.Starred) for item in (*parts, *target.elts))
        if plain and len(parts) == len(target.elts):
            for one, part in zip(target.elts, parts, strict=True):
                yield from _pairs(one, part, values)
        else:
            for name in _bound_below(target):
                yield name, _UNKNOWN


def _evaluated(node: ast.expr, values: dict[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        return values.get(node.id, _UNKNOWN)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _evaluated(node.left, values), _evaluated(node.right, values)
        texts = isinstance(left, str) and isinstance(right, str)
        return left + right if texts else _UNKNOWN
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        parts = tuple(_evaluated(item, values) for item in node.elts)
        return _UNKNOWN if _UNKNOWN in parts else parts
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        return _UNKNOWN


def _bound_below(node: ast.AST) -> Iterator[str]:
    """Yield the names that code binds in the module, functions and classes left out."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
        yield node.id
    elif isinstance(node, ast.alias):
        # Anything may come with a star, the names that matter here among them.
        yield from _NAMES if node.name == "*" else (node.asname or node.name,)
    for child in ast.iter_child_nodes(node):
        yield from _bound_below(child)


def _looks_like_a_revision(tree: ast.Module) -> bool:
    functions = {item.name for item in tree.body if isinstance(item, ast.FunctionDef)}
    modules = {item.module for item in tree.body if isinstance(item, ast.ImportFrom)}
    return "upgrade" in functions or "alembic" in modules


def as_tuple(value: Any) -> tuple[str, ...]:
    """A name's value as Alembic takes it: nothing, one identifier or several."""
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        return (value,)
    return tuple(str(item) for item in value)


def _back(tree: ast.Module) -> Back:
    """What the downgrade function is, by the statements behind its docstring."""
    found = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "downgrade"]
    if not found:
        return "body" if _is_bound(tree, "downgrade") else "missing"
    body = [item for item in found[-1].body if not _does_nothing(item)]
    if not body:
        return "empty"
    return "raises" if isinstance(body[0], ast.Raise) else "body"


def _is_bound(tree: ast.Module, name: str) -> bool:
    return any(name in _bound_below(item) for item in tree.body)


def _does_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    nothing = isinstance(node, ast.Return) and node.value is None
    return nothing or isinstance(node, ast.Pass | ast.Import | ast.ImportFrom)
