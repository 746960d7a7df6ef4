"""The entities of a repository, as they are after the edits so far."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import TableEdit
from dbspecialist.orms.script import Scripts, script_files
from dbspecialist.orms.typeorm.entity import Entity, entities_in
from dbspecialist.toolchains.walk import relative


class Workspace(Scripts):
    """Texts by path, edited in memory."""

    def __init__(self, root: Path) -> None:
        texts, self.snake = {}, False
        for path, text in script_files(root):
            self.snake = self.snake or "SnakeNamingStrategy" in text
            if "@Entity(" in text or ("enum " in text and path.suffix.endswith("ts")):
                texts[relative(path, root)] = text
        super().__init__(root, texts)

    def entities(self) -> Iterator[Entity]:
        """Yield all entities."""
        for path, text in list(self.texts.items()):
            if "@Entity(" in text:
                yield from entities_in(self.script(path), self.snake)

    def find(self, table: str, schema: str = "") -> list[Entity]:
        """Return the entities of a table."""
        named = [item for item in self.entities() if item.table == table]
        stated = [item for item in named if item.schema == schema]
        return stated if len(named) > 1 and stated else named

    def entity(self, edit: TableEdit) -> Entity:
        """Return the one entity of a table.

        Raises:
            InputError: Where there is none or several.
        """
        found = self.find(edit.plain, edit.schema)
        if len(found) == 1:
            return found[0]
        places = " and ".join(item.script.place(item.node) for item in found)
        what = (
            f"table {edit.plain} has {len(found)} entities"
            if found
            else (f"no TypeORM entity of table {edit.plain} was found")
        )
        raise InputError(what, places or str(self.root), "edit it by hand")

    def edits(self) -> tuple[FileEdit, ...]:
        """Return the files that have changed."""
        return tuple(
            FileEdit(path, text, self.before[path])
            for path, text in self.texts.items()
            if text != self.before[path]
        )
