"""Trees of TypeScript and JavaScript, by tree-sitter's grammar where it is installed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser


class UntranslatableError(Exception):
    """The text holds what this translation does not cover, or is not TypeScript."""


@cache
def _parser() -> Parser:
    try:
        import tree_sitter
        import tree_sitter_typescript
    except ImportError as error:
        raise UntranslatableError(
            "TypeScript needs the project's packages (npm install) or dbspecialist[typescript]"
        ) from error
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_typescript.language_typescript()))


def parse(text: bytes) -> Node:
    """Parse TypeScript or JavaScript and return the root of its tree.

    Raises:
        UntranslatableError: When it cannot be parsed or the parser is not installed.
    """
    root = _parser().parse(text).root_node
    if root.has_error:
        raise UntranslatableError(f"line {_first_error(root)} cannot be parsed")
    return root


def _first_error(node: Node) -> int:
    if node.is_error or node.is_missing:
        return node.start_point[0] + 1
    return next(_first_error(child) for child in node.children if child.has_error)


def text_of(node: Node) -> str:
    """Return the text of a node."""
    assert node.text is not None
    return node.text.decode()
