"""The history of an Alembic project: its revision files in an order in which they can run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.alembic.config import AlembicConfig
from dbspecialist.toolchains.alembic.revision_file import Revision, Unclear, read_revision


@dataclass(frozen=True)
class History:
    """All revisions in an order in which they can run.

    `left_out` says which files beside them are no revisions, one clause each.
    """

    revisions: Mapping[str, Revision]
    parents: Mapping[str, tuple[str, ...]]
    left_out: tuple[str, ...] = ()

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


#: Asks Alembic for the values of files of which the text does not tell them.
Ask = Callable[[Sequence[Unclear]], Iterable[Revision | str]]


def read_history(config: AlembicConfig, ask: Ask) -> History:
    """Read all revision files of a configuration.

    Args:
        config: Where they are.
        ask: Returns, for each file that is not clear, its revision or why it is none.

    Raises:
        InputError: When a file does not parse, two have one identifier, a parent is missing or
            the files follow one another in a circle.
    """
    read = [(path, read_revision(path)) for path in revision_files(config)]
    unclear = [item for _, item in read if isinstance(item, Unclear)]
    answers = list(ask(unclear)) if unclear else []
    told = dict(zip((item.path for item in unclear), answers, strict=True))
    found: dict[str, Revision] = {}
    left_out: list[str] = []
    for path, item in read:
        known = told[path] if isinstance(item, Unclear) else item
        if isinstance(known, Revision):
            _add(found, known)
        else:
            left_out.append(f"{path.name} is not run: {known or 'it names no revision'}")
    parents = {name: _parents(item, found) for name, item in found.items()}
    order = _running_order(found, parents)
    return History({name: found[name] for name in order}, parents, tuple(left_out))


def _add(found: dict[str, Revision], item: Revision) -> None:
    if item.revision in found:
        other = found[item.revision].path.name
        raise InputError(
            f"revision {item.revision} stands in {other} as well", str(item.path), "rename one"
        )
    found[item.revision] = item


def revision_files(config: AlembicConfig) -> Iterator[Path]:
    """Yield the files that Alembic would import, in the order of their names.

    Compiled ones count where `sourceless` is set and their source is not there.
    """
    for folder in config.versions:
        found = folder.rglob("*.py*") if config.recursive else folder.glob("*.py*")
        cached = () if config.recursive else folder.glob("__pycache__/*.py*")
        for path in sorted({*found, *(cached if config.sourceless else ())}):
            if not path.name.startswith((".#", "__init__")) and _is_imported(path, config):
                yield path


def _is_imported(path: Path, config: AlembicConfig) -> bool:
    kept = path.parent.name == "__pycache__"
    if path.suffix == ".py":
        return not kept
    beside = path.parent.parent if kept else path.parent
    has_source = any(beside.glob(path.name.partition(".")[0] + ".py"))
    older = path.suffix == ".pyo" and path.with_suffix(".pyc").exists()
    compiled = path.suffix in {".pyc", ".pyo"}
    return config.sourceless and compiled and not has_source and not older


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
