"""Flyway: versioned, repeatable, baseline and undo scripts, run as Flyway runs them."""

from __future__ import annotations

from pathlib import Path

from dbspecialist.toolchains.flyway.config import FlywayConfig, read_configs
from dbspecialist.toolchains.flyway.names import ScriptName
from dbspecialist.toolchains.flyway.project import FlywayProject
from dbspecialist.toolchains.walk import folders

LOOKS_FOR = "flyway.conf, flyway.toml, or a folder of V1__name.sql"

#: Folders for other databases beside the one for PostgreSQL (Spring's `{vendor}`).
_OTHER_VENDORS = frozenset(
    {"mysql", "mariadb", "h2", "hsqldb", "derby", "oracle", "sqlserver", "mssql", "db2", "sqlite"}
)


def detect(root: Path) -> FlywayProject | None:
    """Find the first Flyway project in a folder or below."""
    return next(iter(detect_all(root)), None)


def detect_all(root: Path) -> tuple[FlywayProject, ...]:
    """Find the configured locations, else every outermost folder that holds versioned scripts.

    Raises:
        InputError: When a configuration is not readable.
    """
    configured = [config for config in read_configs(root) if _holds_scripts(config.locations)]
    if configured:
        return tuple(FlywayProject(root, config) for config in configured)
    found: list[Path] = []
    for folder in folders(root, deepest=10):
        below = any(folder.is_relative_to(other) for other in found)
        if not below and not _foreign(folder, root) and _named_scripts(folder):
            found.append(folder)
    return tuple(FlywayProject(root, FlywayConfig(locations=(folder,))) for folder in found)


def _holds_scripts(locations: tuple[Path, ...]) -> bool:
    return any(_named_scripts(folder) for place in locations for folder in folders(place))


def _named_scripts(folder: Path) -> bool:
    """Whether a folder holds a versioned script; `V1__a.sql` is a name that no other tool uses."""
    return any(
        ScriptName.of(path) is not None for path in folder.glob("[VB]*__*.sql") if path.is_file()
    )


def _foreign(folder: Path, root: Path) -> bool:
    """Whether a folder is for another database, or for tests of the application."""
    parts = [part.lower() for part in folder.relative_to(root).parts]
    return any(part in _OTHER_VENDORS or part == "test" for part in parts)
