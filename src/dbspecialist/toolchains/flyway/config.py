"""Flyway's configuration: flyway.conf, flyway.toml, Spring's application.properties.

The parameters are in Flyway's manual, "Configuration".
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.walk import folders

_FILES = ("flyway.conf", "flyway.toml", "flyway.user.conf")
_CLASS_PATHS = ("src/main/resources", "resources", "src/main/java", "src/main/kotlin", "")


@dataclass(frozen=True)
class FlywayConfig:
    """What decides which scripts run and how.

    Args:
        locations: Folders that are searched for scripts, with those below them.
        placeholders: Values by name in lower case.
        replaces: Whether placeholders are replaced (`placeholderReplacement`).
        prefix: What a placeholder begins with.
        suffix: What it ends with.
        schema: `defaultSchema`, or the first of `schemas`, or "".
        table: The version table.
        mixed: Whether a script may mix statements that run in a transaction with others.
        group: Whether all pending scripts are one transaction.
        in_transaction: `executeInTransaction`.
        first: `initSql`, run when a connection is opened.
        transactional_lock: `postgresql.transactional.lock`.
        file: The configuration file, or nothing.
    """

    locations: tuple[Path, ...]
    placeholders: Mapping[str, str] = field(default_factory=dict)
    replaces: bool = True
    prefix: str = "${"
    suffix: str = "}"
    schema: str = ""
    table: str = "flyway_schema_history"
    mixed: bool = False
    group: bool = False
    in_transaction: bool = True
    first: str = ""
    transactional_lock: bool = True
    file: Path | None = None


def read_configs(root: Path) -> Iterator[FlywayConfig]:
    """Yield the configurations in a folder and below that have folders to search.

    Raises:
        InputError: When one is not readable.
    """
    for folder in folders(root):
        for name in _FILES:
            if (folder / name).is_file():
                values = _read(folder / name)
                yield _config(values, _locations(values, folder, root), folder / name)
        for file in sorted(folder.glob("application*.properties")):
            values = _spring(_properties(file))
            if values:
                yield _config(values, _locations(values, folder, root), file)


def surroundings(config: FlywayConfig) -> FlywayConfig:
    """Add the placeholders that the environment names (`FLYWAY_PLACEHOLDERS_NAME`)."""
    mark = "FLYWAY_PLACEHOLDERS_"
    found = {key[len(mark) :].lower(): v for key, v in os.environ.items() if key.startswith(mark)}
    return replace(config, placeholders={**config.placeholders, **found})


def _read(file: Path) -> dict[str, Any]:
    if file.suffix == ".conf":
        found = _properties(file)
        return {key.removeprefix("flyway."): value for key, value in found.items()}
    try:
        tables = tomllib.loads(script_text(file))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"it is not TOML: {error}", str(file), "mend it") from error
    return dict(_flat(tables.get("flyway", {}), ""))


def _flat(table: Mapping[str, Any], before: str) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _properties(file: Path) -> dict[str, str]:
    """A file of Java properties, as far as configurations use the format."""
    text = script_text(file).replace("\\\n", "")
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if line and line[0] not in "#!")
    return {key.strip(): value.strip() for key, mark, value in pairs if mark}


def _spring(values: Mapping[str, str]) -> dict[str, str]:
    """Spring Boot's `spring.flyway.*`, whose words may be written with hyphens."""
    mark = "spring.flyway."
    found = {key[len(mark) :]: value for key, value in values.items() if key.startswith(mark)}
    return {_camel(key): value for key, value in found.items()}


def _camel(key: str) -> str:
    if key.startswith("placeholders."):
        return key
    first, *others = key.split("-")
    return first + "".join(word.capitalize() for word in others)


def _locations(values: Mapping[str, Any], folder: Path, root: Path) -> tuple[Path, ...]:
    named = values.get("locations") or ["classpath:db/migration", "filesystem:sql"]
    names = named if isinstance(named, list) else str(named).split(",")
    found = [_place(name.strip(), folder, root) for name in names]
    return tuple(place for place in found if place is not None)


def _place(location: str, folder: Path, root: Path) -> Path | None:
    """A location's folder; a class path is looked for where builds keep resources."""
    kind, mark, path = location.partition(":")
    path = (path if mark else location).replace("{vendor}", "postgresql").split("*")[0]
    if kind == "classpath":
        above = [folder, *folder.parents]
        near = above[: above.index(root) + 1] if root in above else [folder]
        places = [item / part / path.lstrip("/") for item in near for part in _CLASS_PATHS]
    else:
        places = [folder / path, folder.parent / path, root / path]
    return next((place for place in places if place.is_dir()), None)


def _config(values: Mapping[str, Any], locations: tuple[Path, ...], file: Path) -> FlywayConfig:
    mark = "placeholders."
    found = {k[len(mark) :].lower(): str(v) for k, v in values.items() if k.startswith(mark)}
    schemas = values.get("schemas") or ""
    first = (schemas if isinstance(schemas, list) else str(schemas).split(","))[:1]
    return FlywayConfig(
        locations=locations,
        placeholders=found,
        replaces=_true(values.get("placeholderReplacement", True)),
        prefix=str(values.get("placeholderPrefix", "${")),
        suffix=str(values.get("placeholderSuffix", "}")),
        schema=str(values.get("defaultSchema") or "".join(first)).strip(),
        table=str(values.get("table", "flyway_schema_history")),
        mixed=_true(values.get("mixed", False)),
        group=_true(values.get("group", False)),
        in_transaction=_true(values.get("executeInTransaction", True)),
        first=str(values.get("initSql", "")),
        transactional_lock=_true(values.get("postgresql.transactional.lock", True)),
        file=file,
    )


def _true(value: Any) -> bool:
    return str(value).lower() == "true"
