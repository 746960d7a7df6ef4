"""The body of a migration's function, written anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.node.calls import functions_named
from dbspecialist.toolchains.node.new_files import read_style
from dbspecialist.toolchains.node.typescript_tree import UntranslatableError, parse, text_of

#: Returns the lines of a body for the function's parameters, "" where it has none.
Lines = Callable[[str], Iterable[str]]


def with_body(root: Path, path: str, function: str, lines: Lines) -> FileEdit:
    """Return a file with another body of its only function of a name.

    Args:
        root: The project's root.
        path: The file, from there.
        function: The function's name.
        lines: Returns the code, without indentation and semicolons.

    Raises:
        InputError: Where the file cannot be read, or it has not one function of the name.
    """
    data = (root / path).read_bytes()
    try:
        found = list(functions_named(parse(data), function))
    except UntranslatableError as error:
        raise InputError(str(error), path, "write the way back by hand") from error
    if len(found) != 1:
        raise InputError(f"it has {len(found)} functions {function}", path, "leave it one")
    body = found[0].child_by_field_name("body")
    if body is None or body.type != "statement_block":
        raise InputError(f"{function} has no block", path, "write its body in braces")
    parameters = found[0].child_by_field_name("parameters")
    given = text_of(parameters)[1:-1].strip() if parameters is not None else ""
    style = read_style(root / path)
    line = data[data.rfind(b"\n", 0, body.start_byte) + 1 : body.start_byte].decode()
    indent = line[: len(line) - len(line.lstrip())]
    newline = "\r\n" if b"\r\n" in data else "\n"
    inner = style.ended([f"{indent}{style.unit}{item}" for item in lines(given)])
    block = newline.join(("{", *inner, f"{indent}}}"))
    text = data[: body.start_byte] + block.encode() + data[body.end_byte :]
    return FileEdit(path, text.decode(), data.decode())
