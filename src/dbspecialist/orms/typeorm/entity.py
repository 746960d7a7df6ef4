"""Entities of TypeORM: decorated classes with the columns that they state."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbspecialist.orms.script import Script, arguments, called, pairs, string_value, value_of, walk
from dbspecialist.toolchains.node.typescript_tree import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_COLUMN = re.compile(r"^((Object|Virtual)?Id|.*Column)$")
_RELATIONS = frozenset({"ManyToOne", "OneToOne", "OneToMany", "ManyToMany"})


@dataclass(frozen=True)
class Property:
    """A class's property with its decorators.

    Args:
        name: Its name.
        node: The whole definition, decorators included.
        decorators: The decorators' calls, by name.
    """

    name: str
    node: Node
    decorators: dict[str, Node]

    @property
    def column(self) -> Node | None:
        """The decorator that makes it a column, or nothing."""
        for name, call in self.decorators.items():
            if _COLUMN.match(name) and name not in {"JoinColumn", "VirtualColumn"}:
                return call
        return None

    @property
    def relation(self) -> Node | None:
        """The decorator that makes it a relation, or nothing."""
        return next((c for name, c in self.decorators.items() if name in _RELATIONS), None)

    @property
    def options(self) -> Node | None:
        """The object among its column's arguments."""
        call = self.column
        return object_of(call) if call is not None else None

    def option(self, name: str) -> Node | None:
        """Return the value of a column's option."""
        return value_of(pairs(self.options).get(name))


@dataclass(frozen=True)
class Entity:
    """A class that is a table.

    Args:
        script: The file.
        node: The class.
        name: The class's name.
        table: The table's name.
        schema: The schema that it states, or "".
        decorators: The class's decorators, with their calls.
        snake: Whether a naming strategy writes names with underscores.
    """

    script: Script
    node: Node
    name: str
    table: str
    schema: str
    decorators: tuple[tuple[str, Node], ...]
    snake: bool = False

    def properties(self) -> Iterator[Property]:
        """Yield the class's properties that have decorators."""
        body = self.node.child_by_field_name("body")
        for item in body.named_children if body is not None else ():
            key = item.child_by_field_name("name")
            if item.type == "public_field_definition" and key is not None:
                found = {name: call for name, _, call in _decorators(item)}
                if found:
                    yield Property(text_of(key), item, found)

    def columns(self) -> dict[str, Property]:
        """Return the properties that are columns, by the columns' names."""
        return {
            self.column_name(item): item for item in self.properties() if item.column is not None
        }

    def column_name(self, item: Property) -> str:
        """Return the name of a property's column."""
        stated = string_value(item.option("name"))
        return stated or (snake_case(item.name) if self.snake else item.name)

    def joined(self, item: Property) -> tuple[str, ...]:
        """Return the columns of a relation's foreign key, none where the other side has it."""
        call = item.decorators.get("JoinColumn")
        if call is None:
            return (f"{item.name}Id",) if "ManyToOne" in item.decorators else ()
        given = arguments(call)
        objects = given[0].named_children if given and given[0].type == "array" else given[:1]
        names = [string_value(value_of(pairs(one).get("name"))) for one in objects]
        return tuple(name or f"{item.name}Id" for name in names) or (f"{item.name}Id",)

    @property
    def first(self) -> Node:
        """What the class begins with: its first decorator, or itself."""
        return self.decorators[0][1].parent or self.node if self.decorators else self.node


def object_of(call: Node) -> Node | None:
    """Return the object among a call's arguments."""
    return next((item for item in arguments(call) if item.type == "object"), None)


def _decorators(node: Node) -> Iterator[tuple[str, Node, Node]]:
    """Yield the decorators of a node: name, decorator and call."""
    for item in node.named_children:
        if item.type == "decorator":
            for call in item.named_children:
                if call.type == "call_expression":
                    yield called(call), item, call


def entities_in(script: Script, snake: bool) -> Iterator[Entity]:
    """Yield the entities of a file."""
    for node in walk(script.root):
        if node.type not in {"class_declaration", "abstract_class_declaration"}:
            continue
        parent = node.parent
        outer = list(_decorators(parent)) if parent and parent.type == "export_statement" else []
        found = [(name, call) for name, _, call in [*outer, *_decorators(node)]]
        marked = next((call for name, call in found if name == "Entity"), None)
        name = node.child_by_field_name("name")
        if marked is not None and name is not None:
            table, schema = _table(marked, text_of(name))
            yield Entity(script, node, text_of(name), table, schema, tuple(found), snake)


def _table(call: Node, name: str) -> tuple[str, str]:
    given = arguments(call)
    options = pairs(object_of(call))
    stated = string_value(given[0]) if given else None
    stated = stated or string_value(value_of(options.get("name")))
    schema = string_value(value_of(options.get("schema"))) or ""
    return stated or snake_case(name), "" if schema == "public" else schema


def snake_case(name: str) -> str:
    """Write a name in camel case with underscores, as TypeORM's `snakeCase` does."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def derived_name(prefix: str, table: str, columns: tuple[str, ...], where: str = "") -> str:
    """Return the name that DefaultNamingStrategy gives (PK, UQ, FK, IDX, REL, CHK)."""
    text = "_".join([table, *sorted(columns)]) + (f"_{where}" if where else "")
    length = 26 if prefix in {"IDX", "REL", "CHK"} else 27
    return f"{prefix}_{hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:length]}"
