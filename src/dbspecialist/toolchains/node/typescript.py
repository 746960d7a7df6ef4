"""TypeScript and ES modules written as CommonJS, line by line, without a compiler.

It serves where the project's packages are not installed: types are blanked out, imports and
exports become `require` and `exports`, and every statement stays on its line. The parser is
tree-sitter's grammar of TypeScript; what it does not cover is refused and never guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbspecialist.toolchains.node.typescript_tree import UntranslatableError, parse, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

#: Nodes that say something about types only (or, decorators, about models only).
_TYPES = """
    type_annotation type_predicate_annotation asserts_annotation implements_clause
    interface_declaration type_alias_declaration ambient_declaration accessibility_modifier
    override_modifier readonly type_parameters type_arguments decorator abstract
    abstract_method_signature method_signature function_signature index_signature
"""
TYPES = frozenset(_TYPES.split())
#: Where `?` and `!` belong to the type and not to an expression.
OPTIONAL = frozenset(
    {"optional_parameter", "public_field_definition", "method_definition", "non_null_expression"}
)
#: Names that stand for values.
VALUES = frozenset({"identifier", "shorthand_property_identifier"})
REFUSED = {"internal_module": "namespace", "module": "namespace", "meta_property": "import.meta"}

HEAD = (
    '"use strict";Object.defineProperty(exports,"__esModule",{value:true});'
    "const $all=(m)=>m&&m.__esModule?m:Object.assign(Object.create(m),{default:m});"
    "const $enum=(members)=>{const e={};let next=0;for(const [n,...v] of members){"
    'const x=v.length?v[0](e):next;e[n]=x;if(typeof x==="number"){e[x]=n;next=x+1}}return e};'
)


def to_commonjs(source: str) -> str:
    """Write a TypeScript or ES module as CommonJS with every statement on its line.

    Raises:
        UntranslatableError: When it cannot be parsed or holds what is not covered.
    """
    text = source.encode()
    root = parse(text)
    edits = _Edits(text)
    for child in root.children:
        edits.walk(child)
    for statement in edits.imports:
        edits.bind(statement)
    return HEAD + edits.apply() + "".join(f";{line}" for line in edits.tail)


class _Edits:
    """Replacements in a text, each keeping the line breaks of what it replaces."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.edits: list[tuple[int, int, str]] = []
        self.tail: list[str] = []
        self.imports: list[Node] = []
        self.used: set[str] = set()

    def apply(self) -> str:
        done, at = [], 0
        for start, end, new in sorted(self.edits):
            if start < at:
                continue  # within what is gone already
            lines = self.text[start:end].count(b"\n") - new.count("\n")
            done += [self.text[at:start].decode(), new, "\n" * lines]
            at = end
        return "".join([*done, self.text[at:].decode()])

    def put(self, start: int, end: int, new: str = "") -> None:
        self.edits.append((start, end, new))

    def drop(self, node: Node) -> None:
        # A blank keeps words apart that the type stood between.
        self.put(node.start_byte, node.end_byte, " ")

    def walk(self, node: Node) -> None:
        if node.type in REFUSED:
            line = node.start_point[0] + 1
            raise UntranslatableError(f"line {line}: {REFUSED[node.type]} is not covered")
        if node.type in TYPES or any(child.type == "declare" for child in node.children):
            self.drop(node)
            return
        if node.type in VALUES:
            self.used.add(text_of(node))
        special = getattr(self, f"_{node.type}", None)
        if special is not None:
            special(node)
            return
        self.walk_children(node)

    def walk_children(self, node: Node) -> None:
        for child in node.children:
            if child.type in ("?", "!") and node.type in OPTIONAL:
                self.drop(child)
            else:
                self.walk(child)

    def _as_expression(self, node: Node) -> None:
        self.walk(node.children[0])
        self.put(node.children[0].end_byte, node.end_byte, " ")

    _satisfies_expression = _as_expression

    def _arrow_function(self, node: Node) -> None:
        returned, arrow = node.child_by_field_name("return_type"), None
        for child in node.children:
            arrow = child if child.type == "=>" else arrow
            if returned is None or child != returned:
                self.walk(child)
        if returned is not None and arrow is not None:
            # No line break may stand before the arrow.
            self.put(returned.start_byte, arrow.end_byte, "=>")

    def _required_parameter(self, node: Node) -> None:
        if any(child.type == "this" for child in node.children):
            after = node.next_sibling
            comma = after is not None and after.type == ","
            self.put(node.start_byte, after.end_byte if comma and after else node.end_byte)
        elif any(child.type == "accessibility_modifier" for child in node.children):
            line = node.start_point[0] + 1
            raise UntranslatableError(f"line {line}: parameter properties are not covered")
        else:
            self.walk_children(node)

    def _enum_declaration(self, node: Node) -> None:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        assert name is not None and body is not None
        members = [_member(child) for child in body.named_children if child.type != "comment"]
        self.walk_children(body)
        new = f"const {text_of(name)}=$enum([{','.join(members)}]);"
        self.put(node.start_byte, node.end_byte, new)

    def _import_statement(self, node: Node) -> None:
        self.imports.append(node)

    def bind(self, node: Node) -> None:
        """Write an import; what serves as a type only is left out, as compilers do."""
        if any(child.type == "type" for child in node.children):
            self.drop(node)
            return
        clause = next((c for c in node.named_children if c.type == "import_clause"), None)
        source = node.child_by_field_name("source")
        if clause is None or source is None:
            self._plain_import(node, source)
            return
        wanted = f"$all(require({text_of(source)}))"
        parts = [self._binding(child, wanted) for child in clause.named_children]
        self.put(node.start_byte, node.end_byte, "".join(parts))

    def _binding(self, node: Node, wanted: str) -> str:
        """Write what one part of an import clause binds."""
        name = text_of(node.named_children[0]) if node.named_children else text_of(node)
        if node.type == "identifier":
            return f"const {{default:{name}}}={wanted};" if name in self.used else ""
        if node.type == "namespace_import":
            return f"const {name}={wanted};" if name in self.used else ""
        names = [
            f"{text_of(item.named_children[0])}:{text_of(item.named_children[-1])}"
            for item in node.named_children
            if item.type == "import_specifier" and text_of(item.named_children[-1]) in self.used
        ]
        return f"const {{{','.join(names)}}}={wanted};" if names else ""

    def _plain_import(self, node: Node, source: Node | None) -> None:
        required = node.named_children[0]
        if required.type == "import_require_clause":
            self.put(node.start_byte, required.start_byte, "const ")
        elif source is not None:
            self.put(node.start_byte, node.end_byte, f"require({text_of(source)});")

    def _export_statement(self, node: Node) -> None:
        words = {child.type for child in node.children}
        declared = node.child_by_field_name("declaration")
        if "type" in words:
            self.drop(node)
        elif declared is not None:
            self._exported_declaration(node, declared, default="default" in words)
        elif "=" in words or "default" in words:
            value = node.named_children[-1]
            target = "module.exports" if "=" in words else "exports.default"
            self.put(node.start_byte, value.start_byte, f"{target}=")
            self.walk(value)
        else:
            self._export_list(node)

    def _exported_declaration(self, node: Node, declared: Node, *, default: bool) -> None:
        name = declared.child_by_field_name("name")
        if default and name is None:
            self.put(node.start_byte, declared.start_byte, "exports.default=")
        else:
            self.put(node.start_byte, declared.start_byte)
            if declared.type not in TYPES:
                self.tail += [
                    f"exports.{'default' if default else name}={name}"
                    for name in _declared_names(declared)
                ]
        self.walk(declared)

    def _export_list(self, node: Node) -> None:
        source = node.child_by_field_name("source")
        origin = f"require({text_of(source)})" if source else ""
        clause = next((c for c in node.named_children if c.type == "export_clause"), None)
        if clause is None:
            space = next((c for c in node.named_children if c.type == "namespace_export"), None)
            target = f"exports.{text_of(space.named_children[0])}=" if space else ""
            copy = f"{target}{origin};" if target else f"Object.assign(exports,{origin});"
            self.put(node.start_byte, node.end_byte, copy)
            return
        for item in clause.named_children:
            if item.type == "export_specifier" and item.children[0].type != "type":
                inner, outer = item.named_children[0], item.named_children[-1]
                self.used.add(text_of(inner))
                value = f"{origin}.{text_of(inner)}" if origin else text_of(inner)
                self.tail.append(f"exports.{text_of(outer)}={value}")
        self.drop(node)


def _member(node: Node) -> str:
    """Write one member of an enum as `[name, function of its value]`."""
    name = node.named_children[0] if node.type == "enum_assignment" else node
    quoted = text_of(name) if name.type == "string" else f'"{text_of(name)}"'
    if node.type != "enum_assignment":
        return f"[{quoted}]"
    return f"[{quoted},(e)=>{text_of(node.named_children[-1])}]"


def _declared_names(node: Node) -> list[str]:
    """List the names that a declaration binds."""
    name = node.child_by_field_name("name")
    if name is not None:
        return [text_of(name)]
    found = []
    for child in node.named_children:
        bound = child.child_by_field_name("name") if child.type == "variable_declarator" else None
        if bound is not None and bound.type != "identifier":
            line = node.start_point[0] + 1
            raise UntranslatableError(f"line {line}: an exported pattern is not covered")
        found += [text_of(bound)] if bound is not None else []
    return found
