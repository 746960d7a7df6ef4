"""Alembic's configuration, read without Alembic: alembic.ini or `[tool.alembic]`.

The keys are in Alembic's tutorial, "Editing the .ini File" and "Using pyproject.toml".
"""

from __future__ import annotations

import ast
import configparser
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.facts.errors import InputError

_SEPARATORS = {"os": os.pathsep, "space": " ", "newline": "\n", ":": ":", ";": ";"}


@dataclass(frozen=True, slots=True)
class AlembicConfig:
    """One section of a configuration: where the revisions lie, and what env.py is told.

    Args:
        file: alembic.ini or pyproject.toml.
        section: The section's name (`alembic` unless `alembic -n` is used).
        folder: The folder from which `alembic` is called.
        scripts: `script_location`.
        versions: The folders of revision files.
        recursive: Whether folders below those count as well.
        sourceless: Whether compiled revisions count as well.
        file_template: How files are named, with `%(rev)s` and such.
        slug_length: How long the title in a file's name may be.
    """

    file: Path
    section: str
    folder: Path
    scripts: Path
    versions: tuple[Path, ...]
    recursive: bool = False
    sourceless: bool = False
    file_template: str = "%(rev)s_%(slug)s"
    slug_length: int = 40

    @property
    def toml(self) -> bool:
        """Whether the configuration stands in pyproject.toml."""
        return self.file.suffix == ".toml"


def read_ini(file: Path, root: Path) -> Iterator[AlembicConfig]:
    """Yield the sections of an alembic.ini that name a folder of revisions.

    Raises:
        InputError: When the file is not an ini file.
    """
    parser = configparser.ConfigParser({"here": str(file.parent.resolve())})
    try:
        parser.read_string(script_text(file))
    except configparser.Error as error:
        said = str(error).splitlines()[0]
        raise InputError(f"it is not an ini file: {said}", str(file), "mend it") from error
    own = [name for name in parser.sections() if _states_location(parser, name)]
    # What stands in [DEFAULT] or is left to Flask-Migrate holds for the usual section.
    usual = [] if own and "script_location" not in parser.defaults() else ["alembic"]
    for section in dict.fromkeys([*usual, *own]):
        if not parser.has_section(section):
            parser.add_section(section)
        values = {key: _value(parser, section, key) for key in parser[section]}
        # Flask-Migrate keeps alembic.ini in the scripts' folder and names no location.
        beside = section == "alembic" and (file.parent / "env.py").is_file()
        if "script_location" in values or beside:
            values.setdefault("script_location", str(file.parent.resolve()))
            yield _config(file, section, values, root)


def _states_location(parser: configparser.ConfigParser, section: str) -> bool:
    """Whether a section names a location itself, and does not only inherit it."""
    location = parser[section].get("script_location", raw=True)
    return location is not None and location != parser.defaults().get("script_location")


def _value(parser: configparser.ConfigParser, section: str, key: str) -> str:
    try:
        return parser.get(section, key)
    except configparser.InterpolationError:
        return parser.get(section, key, raw=True)


def read_toml(file: Path, root: Path) -> Iterator[AlembicConfig]:
    """Yield the configuration in a pyproject.toml, where it has one.

    Raises:
        InputError: When the file is not TOML.
    """
    text = script_text(file)
    if "tool.alembic" not in text:
        return
    try:
        found: Mapping[str, Any] = tomllib.loads(text).get("tool", {}).get("alembic", {})
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"it is not TOML: {error}", str(file), "mend it") from error
    here = str(file.parent.resolve())
    values = {key: _here(value, here) for key, value in found.items()}
    if "script_location" in values:
        yield _config(file, "alembic", values, root)


def _here(value: Any, here: str) -> Any:
    if isinstance(value, list):
        return [_here(item, here) for item in value]
    return value.replace("%(here)s", here) if isinstance(value, str) else value


def _config(file: Path, section: str, values: Mapping[str, Any], root: Path) -> AlembicConfig:
    location = str(values["script_location"])
    folder = file.parent
    scripts = _resolved(location, folder)
    # A relative location counts from where `alembic` is called: the file's folder or the root's.
    if not scripts.is_dir() and _resolved(location, root).is_dir():
        folder, scripts = root, _resolved(location, root)
    named = values.get("version_locations") or []
    names = named if isinstance(named, list) else _split(named, values)
    versions = tuple(_resolved(name, folder) for name in names) or (scripts / "versions",)
    recursive, sourceless = (
        str(values.get(name, "")).lower() == "true"
        for name in ("recursive_version_locations", "sourceless")
    )
    template = str(values.get("file_template") or "%(rev)s_%(slug)s").replace("%%", "%")
    longest = str(values.get("truncate_slug_length", ""))
    return AlembicConfig(
        file,
        section,
        folder,
        scripts,
        versions,
        recursive,
        sourceless,
        template,
        int(longest) if longest.isdigit() else 40,
    )


def _split(text: str, values: Mapping[str, Any]) -> list[str]:
    named = str(values.get("path_separator") or values.get("version_path_separator") or "")
    mark = _SEPARATORS.get(named)
    parts = text.split(mark) if mark else re.split(r"[, \n]+", text)
    return [part.strip() for part in parts if part.strip()]


def _resolved(location: str, folder: Path) -> Path:
    """A location's path; `package:folder` counts from the package's folder."""
    package, mark, below = location.partition(":")
    if mark and not Path(location).is_absolute() and "/" not in package:
        parts = Path(*package.split("."))
        near = (folder / parts, folder / "src" / parts)
        return next((item for item in near if item.is_dir()), near[0]) / below
    return folder / location


_STATED = frozenset(
    {"version_table", "version_table_schema", "transaction_per_migration"}
    | {"transactional_ddl", "isolation_level"}
)


@dataclass(frozen=True, slots=True)
class EnvFacts:
    """What env.py states in literals.

    Args:
        version_table: Of `context.configure`.
        version_table_schema: Of `context.configure`, or "".
        transaction_per_migration: Of `context.configure`.
        transactional: Whether revisions run in a transaction: neither `transactional_ddl=False`
            nor a connection with `isolation_level="AUTOCOMMIT"`.
    """

    version_table: str = "alembic_version"
    version_table_schema: str = ""
    transaction_per_migration: bool = False
    transactional: bool = True


def read_env(scripts: Path) -> EnvFacts:
    """Read the literals of env.py that decide where and how revisions are recorded."""
    env = scripts / "env.py"
    if not env.is_file():
        return EnvFacts()
    try:
        tree = ast.parse(script_text(env))
    except SyntaxError:
        return EnvFacts()  # running it will tell
    names = _literals(tree)
    found: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in _STATED:
            value = node.value
            found[node.arg] = (
                names.get(value.id) if isinstance(value, ast.Name) else _literal(value)
            )
    return EnvFacts(
        version_table=str(found.get("version_table") or "alembic_version"),
        version_table_schema=str(found.get("version_table_schema") or ""),
        transaction_per_migration=found.get("transaction_per_migration") is True,
        transactional=found.get("transactional_ddl") is not False
        and str(found.get("isolation_level")).upper() != "AUTOCOMMIT",
    )


def _literals(tree: ast.Module) -> dict[str, Any]:
    return {
        target.id: _literal(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _literal(node: ast.expr) -> Any:
    return node.value if isinstance(node, ast.Constant) else None
