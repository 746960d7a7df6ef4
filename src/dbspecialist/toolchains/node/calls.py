"""The awaited calls in a migration's function `up`: where they stand, and on what they are made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbspecialist.toolchains.node.typescript_tree import UntranslatableError, parse

if TYPE_CHECKING:
    from tree_sitter import Node

#: What a value is made of that the file itself states.
_STATED = frozenset(
    {"arguments", "string", "string_fragment", "escape_sequence", "template_string", "number"}
    | {"true", "false", "null", "array", "object", "pair", "property_identifier", "comment"}
    | {"new_expression", "member_expression", "unary_expression"}
)
_FUNCTIONS = frozenset({"arrow_function", "function_expression", "function_declaration"})


@dataclass(frozen=True)
class NodeCall:
    """One statement `await runner.…(…)` that stands directly in `up`.

    Args:
        runner: The name of the function's first parameter.
        start: Its first byte in the file.
        end: The byte behind it, with its semicolon.
        first: Its first line, from 1.
        last: Its last line.
        indent: What stands before it on its line.
        closed: Whether it ends with a semicolon.
        is_exact: Whether it stands alone on its lines, with values that the file states.
    """

    runner: str
    start: int
    end: int
    first: int
    last: int
    indent: str
    closed: bool
    is_exact: bool

    def spans(self, line: int) -> bool:
        """Tell whether a line is one of the call's."""
        return self.first <= line <= self.last


def calls_of_up(data: bytes, function: str = "up") -> tuple[NodeCall, ...]:
    """Return the awaited calls of the only function `up` in a file, or none.

    Calls in blocks, loops and callbacks are not among them, nor any where the file cannot be
    parsed or the parser is not installed.
    """
    try:
        root = parse(data)
    except UntranslatableError:
        return ()
    found = list(functions_named(root, function))
    if len(found) != 1:
        return ()
    parameters, body = found[0].child_by_field_name("parameters"), _body(found[0])
    names = (
        [item for item in parameters.named_children if item.type != "comment"] if parameters else []
    )
    if not names or body is None:
        return ()
    name = next((item for item in _walk(names[0]) if item.type == "identifier"), None)
    if name is None or names[0].type not in {"identifier", "required_parameter"}:
        return ()
    return tuple(_calls(body, _text(name), data))


def functions_named(root: Node, name: str) -> Iterator[Node]:
    """Yield the functions of a name: methods, and functions that are a property's value."""
    for node in _walk(root):
        named = node.child_by_field_name("name") or node.child_by_field_name("key")
        if named is None or _text(named) != name:
            continue
        value = node.child_by_field_name("value")
        if node.type in {"method_definition", "function_declaration"}:
            yield node
        elif value is not None and value.type in _FUNCTIONS:
            yield value


def _body(function: Node) -> Node | None:
    body = function.child_by_field_name("body")
    return body if body is not None and body.type == "statement_block" else None


def _calls(body: Node, runner: str, data: bytes) -> Iterator[NodeCall]:
    statements = body.named_children
    for node in statements:
        call = _awaited(node)
        if call is None:
            continue
        before = data[data.rfind(b"\n", 0, node.start_byte) + 1 : node.start_byte]
        line_end = data.find(b"\n", node.end_byte)
        after = data[node.end_byte : line_end if line_end >= 0 else len(data)].strip()
        alone = not before.strip() and (not after or after.startswith(b"//"))
        yield NodeCall(
            runner=runner,
            start=node.start_byte,
            end=node.end_byte,
            first=node.start_point[0] + 1,
            last=node.end_point[0] + 1,
            indent=before.decode(),
            closed=_text(node).endswith(";"),
            is_exact=alone and _is_on(call, runner) and _is_stated(call),
        )


def _awaited(statement: Node) -> Node | None:
    if statement.type != "expression_statement":
        return None
    awaited = statement.named_children[0]
    if awaited.type != "await_expression":
        return None
    call = awaited.named_children[0]
    return call if call.type == "call_expression" else None


def _is_on(call: Node, runner: str) -> bool:
    """Tell whether a call is one of the runner's methods, or of its `sequelize`."""
    function = call.child_by_field_name("function")
    if function is None or function.type != "member_expression":
        return False
    above, _, _ = _text(function).rpartition(".")
    return above in {runner, f"{runner}.sequelize", f"{runner}.context"}


def _is_stated(call: Node) -> bool:
    """Tell whether the file itself states every value of a call."""
    arguments = call.child_by_field_name("arguments")
    if arguments is None:
        return False
    return all(item.type in _STATED or _is_type(item) for item in _walk(arguments) if item.is_named)


def _is_type(node: Node) -> bool:
    """Tell whether a name is that of a library's class or namespace (`Sequelize.INTEGER`)."""
    if node.type != "identifier":
        return False
    parent = node.parent
    return (
        parent is not None
        and _text(node)[:1].isupper()
        and parent.type in {"member_expression", "new_expression"}
    )


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _text(node: Node) -> str:
    return (node.text or b"").decode()
