"""Configuration: `[tool.dbspecialist]` of pyproject.toml, or dbspecialist.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.finding import SEVERITIES, Finding, Severity
from dbspecialist.facts.units import milliseconds

FAIL_ON = (*SEVERITIES, "never")
KEYS = (
    "snapshot",
    "max_blocked",
    "select",
    "ignore",
    "severity",
    "toolchain",
    "python",
    "fail_on",
)


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a repository says about how it wants to be judged.

    Args:
        source: The file it stands in, or nothing where there is none.
        snapshot: What stands for production.
        max_blocked_ms: How long reads or writes may wait before it is an error.
        select: Rules that are on, as ids with `*` for any letters; empty for all.
        ignore: Rules that are off, likewise.
        severity: Severities that replace those of the rules, by rule id.
        toolchain: The name of the toolchain, where it is not to be detected.
        python: The interpreter that has the project's packages.
        fail_on: The least severity that ends with status 1, or `never`.
    """

    source: Path | None = None
    snapshot: Path | None = None
    max_blocked_ms: float = 1000.0
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    toolchain: str | None = None
    python: Path | None = None
    fail_on: str = "error"


def read_configuration(start: Path) -> Configuration:
    """Read the nearest configuration at or above a path, up to the repository's root.

    Paths in it are relative to the folder of its file.

    Raises:
        InputError: Where the file is not TOML, or a key is unknown or of the wrong type.
    """
    for folder in _upward(start):
        for name in ("dbspecialist.toml", "pyproject.toml"):
            table = _table(folder / name)
            if table is not None:
                return _configuration(folder / name, table)
    return Configuration()


def overridden(configuration: Configuration, **asked: Any) -> Configuration:
    """Return the configuration with what was asked for in its place, but for what is nothing.

    Args:
        configuration: What the repository says.
        asked: Fields of `Configuration` by name; `None` and `()` leave the field as it is.
    """
    return replace(
        configuration, **{key: value for key, value in asked.items() if value not in (None, ())}
    )


def refuse_unknown_rules(configuration: Configuration, known: Iterable[str]) -> None:
    """Refuse ids in select, ignore and severity that match no rule.

    Raises:
        InputError: At the first; a misspelt id would silently switch nothing.
    """
    rules = tuple(known)
    where = str(configuration.source or "")
    for pattern in (*configuration.select, *configuration.ignore, *configuration.severity):
        if not any(fnmatchcase(rule, pattern) for rule in rules):
            near = get_close_matches(pattern, rules, 1)
            todo = f"write {near[0]}" if near else "see dbs rules"
            raise InputError(f"no rule is called {pattern!r}", where, todo)


def apply_configuration(
    findings: Iterable[Finding], configuration: Configuration
) -> tuple[Finding, ...]:
    """Drop the findings of rules that are off, and put configured severities in force."""
    return tuple(
        replace(item, severity=configuration.severity.get(item.rule, item.severity))
        for item in findings
        if is_on(item.rule, configuration)
    )


def is_on(rule: str, configuration: Configuration) -> bool:
    """Say whether a rule is selected and not ignored."""
    selected = not configuration.select or _any(rule, configuration.select)
    return selected and not _any(rule, configuration.ignore)


def _any(rule: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(rule, pattern) for pattern in patterns)


def _upward(start: Path) -> Iterable[Path]:
    place = start.resolve()
    for folder in (place, *place.parents):
        if folder.is_dir():
            yield folder
            if (folder / ".git").exists():
                return


def _table(path: Path) -> dict[str, Any] | None:
    """Return the settings of one file, or nothing where it has none."""
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"is not TOML ({error})", str(path), "mend the file") from error
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", str(path), "grant access") from error
    if path.name == "dbspecialist.toml":
        return read
    tools = read.get("tool", {})
    table = tools.get("dbspecialist") if isinstance(tools, dict) else None
    if table is not None and not isinstance(table, dict):
        raise _wrong(path, "tool.dbspecialist", "a table")
    return table


def _configuration(path: Path, table: Mapping[str, Any]) -> Configuration:
    for key in table:
        if key not in KEYS:
            near = get_close_matches(key, KEYS, 1)
            todo = f"write {near[0]}" if near else f"choose among {', '.join(KEYS)}"
            raise InputError(f"key {key!r} is not known", str(path), todo)
    blocked = _text(path, table, "max_blocked") or "1s"
    try:
        max_blocked_ms = milliseconds(blocked)
    except InputError as error:
        raise InputError(f"max_blocked: {error.what}", str(path), error.todo) from error
    return Configuration(
        source=path,
        snapshot=_file(path, table, "snapshot"),
        max_blocked_ms=max_blocked_ms,
        select=_texts(path, table, "select"),
        ignore=_texts(path, table, "ignore"),
        severity=_severities(path, table),
        toolchain=_text(path, table, "toolchain"),
        python=_file(path, table, "python"),
        fail_on=_one_of(path, "fail_on", _text(path, table, "fail_on") or "error", FAIL_ON),
    )


def _text(path: Path, table: Mapping[str, Any], key: str) -> str | None:
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        raise _wrong(path, key, "a text")
    return value


def _texts(path: Path, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong(path, key, "a list of texts")
    return tuple(value)


def _file(path: Path, table: Mapping[str, Any], key: str) -> Path | None:
    value = _text(path, table, key)
    return None if value is None else path.parent / Path(value).expanduser()


def _severities(path: Path, table: Mapping[str, Any]) -> dict[str, Severity]:
    value = table.get("severity", {})
    if not isinstance(value, dict):
        raise _wrong(path, "severity", "a table of rules")
    for rule, severity in value.items():
        _one_of(path, f"severity.{rule}", severity, SEVERITIES)
    return value


def _one_of(path: Path, key: str, value: object, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise _wrong(path, key, f"one of {', '.join(choices)}")
    return str(value)


def _wrong(path: Path, key: str, wanted: str) -> InputError:
    return InputError(f"{key} is not {wanted}", str(path), f"write {wanted}")
