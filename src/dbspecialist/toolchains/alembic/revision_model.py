"""What new revisions take over from the newest: its header, its names and how they are written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dbspecialist.engines.postgresql.tokens import script_text

_NAMES = ("revision", "down_revision", "branch_labels", "depends_on")
#: Functions of `op` that send nothing themselves.
_NO_WORK = frozenset({"f", "get_bind", "get_context", "inline_literal"})
_IDENTIFIERS = "# revision identifiers, used by Alembic."


@dataclass(frozen=True, slots=True)
class RevisionModel:
    """How a project writes its revisions.

    Args:
        names: The identifiers that it assigns, in order, with their annotations or "".
        needed: The lines of imports that its annotations need.
        quote: The quotation mark of its texts.
        tells: Which of `Revision ID`, `Revises` and `Create Date` its docstring tells.
        comments: Whether a comment stands above the identifiers.
        annotates: Whether its functions are annotated.
        operations: Whether the project calls other operations more often than `op.execute`.
        op_first: Whether Alembic is imported before SQLAlchemy.
    """

    names: Mapping[str, str]
    needed: tuple[str, ...] = ()
    quote: str = '"'
    tells: tuple[str, ...] = ("Revision ID", "Revises", "Create Date")
    comments: bool = True
    annotates: bool = True
    operations: bool = False
    op_first: bool = False

    def imports(self, sqlalchemy: bool) -> Iterator[str]:
        """Yield the lines of imports, that of SQLAlchemy where it is used."""
        yield from (*self.needed, "") if self.needed else ()
        lines = ["import sqlalchemy as sa"] if sqlalchemy else []
        lines.insert(0 if self.op_first else len(lines), "from alembic import op")
        yield from lines


USUAL = RevisionModel(dict.fromkeys(_NAMES, ""))


def read_model(path: Path | None, texts: Iterable[str] = ()) -> RevisionModel:
    """Read how a revision is written; as Alembic writes them where there is none to read.

    Args:
        path: The revision.
        texts: All revisions of the project, for how often they call what.
    """
    if path is None or path.suffix != ".py":
        return USUAL
    text = script_text(path)
    tree = ast.parse(text)
    names = dict(_names(tree))
    if "revision" not in names:
        return USUAL
    names.setdefault("down_revision", "")
    docstring = ast.get_docstring(tree) or ""
    functions = [item for item in tree.body if isinstance(item, ast.FunctionDef)]
    op, sa = text.find("from alembic import op"), text.find("import sqlalchemy as sa")
    return RevisionModel(
        operations=_prefers_operations((text, *texts)),
        op_first=-1 < op < sa,
        names=names,
        needed=tuple(_imports(tree, names.values())),
        quote="'" if re.search(r"^revision\b[^=\n]*=\s*'", text, re.MULTILINE) else '"',
        tells=tuple(name for name in USUAL.tells if f"{name}:" in docstring),
        comments=_IDENTIFIERS in text,
        annotates=not functions or any(item.returns for item in functions),
    )


def _prefers_operations(texts: Iterable[str]) -> bool:
    calls = [name for text in texts for name in re.findall(r"\bop\.(\w+)\(", text)]
    working = [name for name in calls if name not in _NO_WORK]
    return len(working) > 2 * working.count("execute")


def _names(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            if node.target.id in _NAMES:
                yield node.target.id, ast.unparse(node.annotation)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id in _NAMES:
                    yield target.id, ""


def _imports(tree: ast.Module, annotations: Iterable[str]) -> Iterator[str]:
    """Yield the imports that annotations need, in their order."""
    parsed = [ast.parse(item, mode="eval") for item in annotations if item]
    used = {node.id for item in parsed for node in ast.walk(item) if isinstance(node, ast.Name)}
    for node in tree.body:
        if not isinstance(node, ast.ImportFrom):
            continue
        kept = [item for item in node.names if (item.asname or item.name) in used]
        if kept or node.module == "__future__":
            yield ast.unparse(ast.ImportFrom(node.module, kept or node.names, node.level))


def docstring_text(text: str) -> str:
    """Return a text as it stands in a docstring."""
    found = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return found[:-1] + '\\"' if found.endswith('"') else found
