"""The models of a repository, as they are after the edits so far."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import TableEdit
from dbspecialist.orms.script import Scripts, script_files
from dbspecialist.orms.sequelize.model import Model, models_in
from dbspecialist.toolchains.walk import relative

_SIGNS = re.compile(r"\.define\(|\.init\(")
#: Migrations and seeds have `up` with a query interface.
_MIGRATION = re.compile(r"queryInterface|QueryInterface")


def holds_models(text: str) -> bool:
    """Whether a text may hold models of Sequelize."""
    marked = "equelize" in text or "DataTypes" in text
    return bool(_SIGNS.search(text)) and marked and not _MIGRATION.search(text)


class Workspace(Scripts):
    """Texts by path, edited in memory."""

    def __init__(self, root: Path) -> None:
        super().__init__(
            root,
            {
                relative(path, root): text
                for path, text in script_files(root)
                if holds_models(text) or ("foreignKey" in text and not _MIGRATION.search(text))
            },
        )

    def models(self) -> Iterator[Model]:
        """Yield all models."""
        for path, text in list(self.texts.items()):
            if holds_models(text):
                yield from models_in(self.script(path))

    def find(self, table: str, schema: str = "") -> list[Model]:
        """Return the models of a table."""
        named = [item for item in self.models() if table in item.tables()]
        stated = [item for item in named if item.schema == schema]
        return stated if len(named) > 1 and stated else named

    def model(self, edit: TableEdit) -> Model:
        """Return the one model of a table.

        Raises:
            InputError: Where there is none or several.
        """
        found = self.find(edit.plain, edit.schema)
        if len(found) == 1:
            return found[0]
        places = " and ".join(item.script.place(item.call) for item in found)
        what = (
            f"table {edit.plain} has {len(found)} models"
            if found
            else f"no Sequelize model of table {edit.plain} was found"
        )
        raise InputError(what, places or str(self.root), "edit it by hand")

    def refuse_associations(self, *names: str) -> None:
        """Refuse where an association goes by a column.

        Raises:
            InputError: With the association's place.
        """
        sign = re.compile(
            r"foreignKey:\s*(\{\s*(name|field):\s*)?[\"']("
            + "|".join(map(re.escape, names))
            + r")[\"']"
        )
        for path, text in self.texts.items():
            found = sign.search(text)
            if found:
                line = text.count("\n", 0, found.start()) + 1
                raise InputError(
                    f"an association goes by {found[3]}", f"{path}:{line}", "take it out first"
                )

    def edits(self) -> tuple[FileEdit, ...]:
        """Return the files that have changed."""
        return tuple(
            FileEdit(path, text, self.before[path])
            for path, text in self.texts.items()
            if text != self.before[path]
        )
