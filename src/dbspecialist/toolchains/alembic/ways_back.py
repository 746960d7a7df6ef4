"""The downgrade function of a revision, written anew."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.alembic.project import AlembicProject
from dbspecialist.toolchains.alembic.revision_model import read_model
from dbspecialist.toolchains.alembic.revisions import body_lines, in_style


def with_way_back(
    project: AlembicProject, migration: Migration, statements: Sequence[str]
) -> tuple[FileEdit, ...]:
    """Return the revision's file with another body of `downgrade`, or with the function added."""
    path = project.root / migration.path
    if path.suffix != ".py":
        raise InputError("the revision is compiled", migration.path, "restore its source")
    before = path.read_bytes().decode("utf-8")
    newline = "\r\n" if "\r\n" in before else "\n"
    tree = ast.parse(before)
    if not _has_operations(tree):
        todo = "write `from alembic import op` there"
        raise InputError("it does not import alembic's op", migration.path, todo)
    body = _body(project, path, before, statements)
    functions = [item for item in tree.body if isinstance(item, ast.FunctionDef)]
    found = [item for item in functions if item.name == "downgrade"]
    # Not splitlines: it knows ends of lines that Python does not.
    lines = before.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if found:
        first, last = _body_of(found[-1])
        lines[first - 1 : last] = body
    else:
        returns = " -> None" if any(item.returns for item in functions) else ""
        lines += ["", "", f"def downgrade(){returns}:", *body]
    text = newline.join(lines) + newline
    return (FileEdit(migration.path, text, before),)


def _body(project: AlembicProject, path: Path, text: str, statements: Sequence[str]) -> list[str]:
    """Return the lines of the function, with operations where the file has what they need."""
    styled = in_style(project, statements)
    texts = [
        script_text(item.path)
        for item in project.revisions.revisions.values()
        if item.path.suffix == ".py"
    ]
    body = body_lines(styled, True, False, read_model(path, texts).operations)
    lacks = "import sqlalchemy as sa" not in text and any("sa." in line for line in body)
    return body_lines(styled, True, False) if lacks else body


def _has_operations(tree: ast.Module) -> bool:
    return any(
        (item.asname or item.name) == "op"
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for item in node.names
    )


def _body_of(function: ast.FunctionDef) -> tuple[int, int]:
    """Return the first and last line of a function's body, its docstring left where it is."""
    kept = ast.get_docstring(function) is not None and len(function.body) > 1
    first = function.body[1 if kept else 0]
    last = function.body[-1]
    if first.lineno == function.lineno:
        where = f"line {first.lineno}"
        raise InputError("the downgrade stands on one line", where, "write its body below")
    return first.lineno, last.end_lineno or last.lineno
