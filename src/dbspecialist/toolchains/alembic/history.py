"""The history of an Alembic project, read from the revision files without importing them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.alembic.config import AlembicConfig

#: What a downgrade function is: statements, nothing, an exception raised at once, not there.
Back = Literal["body", "empty", "raises", "missing"]


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


@dataclass(frozen=True)
class History:
    """All revisions in an order in which they can run."""

    revisions: Mapping[str, Revision]
    parents: Mapping[str, tuple[str, ...]]

    @property
    def heads(self) -> tuple[str, ...]:
        """Revisions that no other follows, sorted; `depends_on` does not count."""
        followed = {name for item in self.revisions.values() for name in item.down}
        return tuple(sorted(self.revisions.keys() - followed))

    def ancestors(self, names: Iterable[str]) -> set[str]:
        """The given revisions and all that must have run before them."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.parents[name])
        return found


def read_history(config: AlembicConfig) -> History:
    """Read all revision files of a configuration.

    Raises:
        InputError: When a file does not parse, two have one identifier, a parent is missing or
            the files follow one another in a circle.
    """
    found: dict[str, Revision] = {}
    for path in _files(config):
        item = read_revision(path)
        if item is None:
            continue
        if item.revision in found:
            other = found[item.revision].path.name
            raise InputError(
                f"revision {item.revision} stands in {other} as well", str(path), "rename one"
            )
        found[item.revision] = item
    parents = {name: _parents(item, found) for name, item in found.items()}
    order = _running_order(found, parents)
    return History({name: found[name] for name in order}, parents)


def _files(config: AlembicConfig) -> Iterator[Path]:
    for folder in config.versions:
        found = folder.rglob("*.py") if config.recursive else folder.glob("*.py")
        for path in sorted(found):
            if not path.name.startswith((".#", "__init__")):
                yield path


def read_revision(path: Path) -> Revision | None:
    """Read one revision file; nothing where it names no revision.

    Raises:
        InputError: When it does not parse or computes its identifiers.
    """
    try:
        tree = ast.parse(script_text(path))
    except SyntaxError as error:
        place = f"{path}:{error.lineno}"
        raise InputError(f"it does not parse: {error.msg}", place, "mend it") from error
    values = _assigned(tree, path)
    if "revision" not in values:
        return None
    return Revision(
        revision=str(values["revision"]),
        path=path,
        down=_tuple(values.get("down_revision")),
        depends_on=_tuple(values.get("depends_on")),
        labels=_tuple(values.get("branch_labels")),
        title=(ast.get_docstring(tree) or "").strip().partition("\n")[0],
        back=_back(tree),
    )


_NAMES = ("revision", "down_revision", "depends_on", "branch_labels")


def _assigned(tree: ast.Module, path: Path) -> dict[str, Any]:
    """Values of a module's names, as far as they are literals or other such names."""
    values: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name):
                _assign(values, target.id, value, path)
    return values


def _assign(values: dict[str, Any], name: str, value: ast.expr, path: Path) -> None:
    if isinstance(value, ast.Name) and value.id in values:
        values[name] = values[value.id]
        return
    try:
        values[name] = ast.literal_eval(value)
    except ValueError as error:
        if name in _NAMES:
            place = f"{path}:{value.lineno}"
            raise InputError(f"{name} is computed", place, "write it as a literal") from error


def _tuple(value: Any) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        return (value,)
    return tuple(str(item) for item in value)


def _back(tree: ast.Module) -> Back:
    """What the downgrade function is, by the statements behind its docstring."""
    found = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "downgrade"]
    if not found:
        return "missing"
    body = [item for item in found[-1].body if not _does_nothing(item)]
    if not body:
        return "empty"
    return "raises" if isinstance(body[0], ast.Raise) else "body"


def _does_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    nothing = isinstance(node, ast.Return) and node.value is None
    return nothing or isinstance(node, ast.Pass | ast.Import | ast.ImportFrom)


def _parents(item: Revision, found: Mapping[str, Revision]) -> tuple[str, ...]:
    """What must have run before: the parents, and what `depends_on` names."""
    labels = {label: name for name, other in found.items() for label in other.labels}
    for name in item.down:
        if name not in found:
            raise InputError(
                f"its down_revision {name} is in no file", str(item.path), "restore that revision"
            )
    needed = [labels.get(name, name) for name in item.depends_on]
    for name in needed:
        if name not in found:
            raise InputError(
                f"its depends_on {name} is in no file", str(item.path), "restore that revision"
            )
    return tuple(dict.fromkeys([*item.down, *needed]))


def _running_order(
    found: Mapping[str, Revision], parents: Mapping[str, tuple[str, ...]]
) -> list[str]:
    """Sort so that parents come first, staying on a branch as long as it goes."""
    children: dict[str, list[str]] = {name: [] for name in found}
    for name, above in parents.items():
        for parent in above:
            children[parent].append(name)
    left = {name: len(above) for name, above in parents.items()}
    ready = sorted((name for name, count in left.items() if not count), reverse=True)
    order: list[str] = []
    while ready:
        name = ready.pop()
        order.append(name)
        for child in sorted(children[name], reverse=True):
            left[child] -= 1
            if not left[child]:
                ready.append(child)
    if len(order) < len(found):
        circle = sorted(found.keys() - set(order))
        raise InputError(
            f"revisions follow one another in a circle: {', '.join(circle[:5])}",
            str(found[circle[0]].path),
            "mend a down_revision",
        )
    return order
