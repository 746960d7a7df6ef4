"""Models of Sequelize: `define` and `init` with their attributes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbspecialist.orms.script import Script, arguments, called, pairs, string_value, value_of, walk
from dbspecialist.toolchains.node.typescript_tree import text_of

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True)
class Model:
    """One model in a file.

    Args:
        script: The file.
        call: The call of `define` or `init`.
        name: The model's name.
        attributes: The object of attributes.
        options: The object of options, or nothing.
    """

    script: Script
    call: Node
    name: str
    attributes: Node
    options: Node | None

    def option(self, name: str) -> Node | None:
        """Return the value of an option."""
        return value_of(pairs(self.options).get(name))

    def is_set(self, name: str) -> bool:
        """Whether an option is true."""
        found = self.option(name)
        return found is not None and text_of(found) == "true"

    def tables(self) -> tuple[str, ...]:
        """Return the names that its table may have; one where the file states it."""
        stated = string_value(self.option("tableName"))
        if stated:
            return (stated,)
        name = snake_case(self.name) if self.is_set("underscored") else self.name
        return (name,) if self.is_set("freezeTableName") else (_plural(name), name)

    @property
    def schema(self) -> str:
        """The schema that it states, or ""."""
        stated = string_value(self.option("schema")) or ""
        return "" if stated == "public" else stated

    def columns(self) -> dict[str, Node]:
        """Return the attributes (pairs), by their columns."""
        return {self.column_name(name, item): item for name, item in pairs(self.attributes).items()}

    def column_name(self, name: str, item: Node) -> str:
        """Return the column of an attribute."""
        stated = string_value(value_of(pairs(value_of(item)).get("field")))
        return stated or (snake_case(name) if self.is_set("underscored") else name)

    @property
    def prefix(self) -> str:
        """What the file calls the data types: `DataTypes`, `Sequelize`."""
        for item in pairs(self.attributes).values():
            value = value_of(item)
            kind = value_of(pairs(value).get("type")) or value
            found = re.match(r"([\w.]+)\.[A-Z]+", text_of(kind)) if kind is not None else None
            if found:
                return found[1]
        return "DataTypes"

    @property
    def connection(self) -> str:
        """What the file calls the connection, which makes literals."""
        function = self.call.child_by_field_name("function")
        owner = function.child_by_field_name("object") if function is not None else None
        if called(self.call) == "define" and owner is not None:
            return text_of(owner)
        given = self.option("sequelize")
        return text_of(given) if given is not None else "sequelize"

    def cls(self) -> Node | None:
        """Return the class that `init` is called on, where the file has it."""
        for node in walk(self.script.root):
            name = node.child_by_field_name("name")
            if node.type == "class_declaration" and name is not None and text_of(name) == self.name:
                return node
        return None


def models_in(script: Script) -> Iterator[Model]:
    """Yield the models of a file."""
    for node in walk(script.root):
        if node.type != "call_expression" or called(node) not in {"define", "init"}:
            continue
        given = arguments(node)
        objects = [item for item in given if item.type == "object"]
        if called(node) == "define":
            name = string_value(given[0]) if given else None
        else:
            options = pairs(objects[1]) if len(objects) > 1 else {}
            name = string_value(value_of(options.get("modelName"))) or _owner(node)
        if name and objects and (called(node) == "define" or len(objects) > 1):
            yield Model(script, node, name, objects[0], objects[1] if objects[1:] else None)


def _owner(call: Node) -> str:
    function = call.child_by_field_name("function")
    owner = function.child_by_field_name("object") if function is not None else None
    return text_of(owner) if owner is not None and owner.type == "identifier" else ""


def snake_case(name: str) -> str:
    """Write a name with underscores, as Sequelize's `underscored` does."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _plural(name: str) -> str:
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return name[:-1] + "ies"
    return name + ("es" if name.endswith(("s", "x", "ch", "sh")) else "s")
