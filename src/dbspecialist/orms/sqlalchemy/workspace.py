"""The Python files of a repository that hold models, as they are after the edits so far."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import TableEdit
from dbspecialist.orms.sqlalchemy.model import Model, models_in
from dbspecialist.orms.sqlalchemy.search import is_candidate, is_revision, python_files
from dbspecialist.orms.sqlalchemy.source import Source, strings_in
from dbspecialist.toolchains.walk import relative

WIDTH = 88
_TABLE = re.compile(r"__tablename__|\bTable\(|\btable\s*=\s*True")
_CLASS = re.compile(r"^class\s+(\w+)\s*\(([^)]*)\)", re.MULTILINE)
_STATED = re.compile(r"""__tablename__[^=\n]*=\s*["']([^"']+)["']""")


class Workspace:
    """Texts by path, edited in memory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.before: dict[str, str] = {}
        self._everything = list(python_files(root))
        for path, text in self._everything:
            if is_candidate(text):
                self.before[relative(path, root)] = text
        self.texts = dict(self.before)
        self._parsed: dict[str, Source] = {}

    def source(self, path: str) -> Source:
        """Return a file's parsed text as it is now."""
        found = self._parsed.get(path)
        if found is None or found.text != self.texts[path]:
            found = self._parsed[path] = Source(path, self.texts[path])
        return found

    def everything(self) -> Iterator[tuple[str, str]]:
        """Yield all Python files, those without models too, which may be edited as well."""
        for path, text in self._everything:
            if is_revision(text):
                continue
            name = relative(path, self.root)
            self.before.setdefault(name, text)
            yield name, self.texts.setdefault(name, text)

    def save(self, *sources: Source) -> None:
        """Make the replacements of files."""
        for source in sources:
            self.texts[source.path] = source.patched()
            self._parsed.pop(source.path, None)

    def edits(self) -> tuple[FileEdit, ...]:
        """Return the files that have changed."""
        for path, text in self.texts.items():
            if text != self.before[path]:
                Source(path, text)
        return tuple(
            FileEdit(path, text, self.before[path])
            for path, text in self.texts.items()
            if text != self.before[path]
        )

    def model(self, edit: TableEdit) -> Model:
        """Return the one model of a table.

        Raises:
            InputError: Where there is none or several.
        """
        found = self.find(edit.plain, edit.schema)
        if not found:
            raise InputError(
                f"no SQLAlchemy model of table {edit.plain} was found",
                str(self.root),
                "give the folder that holds the models",
            )
        if len(found) > 1:
            places = " and ".join(item.source.place(item.node) for item in found)
            raise InputError(
                f"table {edit.plain} has {len(found)} models", places, "edit them by hand"
            )
        self._refuse_sqlmodel(found[0])
        return found[0]

    @staticmethod
    def _refuse_sqlmodel(model: Model) -> None:
        """Refuse a class of SQLModel, whose fields state columns in another form."""
        marks = model.cls.keywords if model.cls else ()
        if any(arg.keyword and arg.keyword.value == "table" for arg in marks):
            raise InputError(
                "fields of SQLModel are not edited",
                model.source.place(model.node),
                f"edit the class of {model.table} by hand",
            )

    def find(self, table: str, schema: str = "") -> list[Model]:
        """Return the models of a table."""
        named = [model for model in self._of(table) if model.table == table]
        if len(named) > 1:
            owned = [item for item in named if item.cls is not None]
            named = owned or named
        if len(named) > 1 and schema:
            stated = [item for item in named if schema in _strings(item)]
            named = stated or named
        return named

    def _of(self, table: str) -> Iterator[Model]:
        name = re.escape(table)
        sign = re.compile(
            rf"""__tablename__[^=\n]*=\s*["']{name}["']|\bTable\(\s*["']{name}["']"""
            r"""|\btable\s*=\s*True"""
        )
        for path, text in list(self.texts.items()):
            if sign.search(text):
                yield from models_in(self.source(path))

    def mentioning(self, pattern: str) -> list[Source]:
        """Return the files in whose text a pattern is found."""
        sign = re.compile(pattern)
        return [self.source(path) for path, text in list(self.texts.items()) if sign.search(text)]

    def fullest(self) -> list[Model]:
        """Return the models of the file that states most tables."""
        counted = {path: len(_TABLE.findall(text)) for path, text in self.texts.items()}
        path = max(counted, key=lambda item: (counted[item], item), default="")
        return list(models_in(self.source(path))) if counted.get(path) else []

    def tables_of(self, name: str) -> list[str]:
        """Return the tables of classes that inherit from a class, as texts tell."""
        heirs, tables = {name}, set()
        found = [
            (match[1], match[2], text, match.end())
            for text in self.texts.values()
            for match in _CLASS.finditer(text)
        ]
        grows = True
        while grows:
            grows = False
            for own, bases, _, _ in found:
                if own not in heirs and heirs & set(re.findall(r"\w+", bases)):
                    heirs.add(own)
                    grows = True
        for own, _, text, end in found:
            following = _CLASS.search(text, end)
            stated = _STATED.search(text, end, following.start() if following else len(text))
            if own in heirs and stated:
                tables.add(stated[1])
        return sorted(tables)

    @cached_property
    def width(self) -> int:
        """The line length that the repository's formatter is told, or Black's."""
        try:
            tools = tomllib.loads((self.root / "pyproject.toml").read_text()).get("tool", {})
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
            return WIDTH
        for tool in ("ruff", "black"):
            found = tools.get(tool, {}).get("line-length")
            if isinstance(found, int):
                return found
        return WIDTH

    @cached_property
    def conventions(self) -> dict[str, str]:
        """The patterns of a naming convention in the models' files, by kind (`ck`)."""
        pattern = re.compile(r"""["'](ix|uq|ck|fk|pk)["']\s*:\s*(["'][^"'\n]*["'])""")
        found: dict[str, str] = {}
        for _, text in self._everything:
            if "naming_convention" in text:
                found |= {kind: ast.literal_eval(text_) for kind, text_ in pattern.findall(text)}
        return found

    @cached_property
    def maps_annotations(self) -> bool:
        """Whether a base says itself which type an annotation gives."""
        return any("type_annotation_map" in text for _, text in self._everything)


def _strings(model: Model) -> set[str]:
    return {str(item.evaluated_value) for item in strings_in(model.node)}
