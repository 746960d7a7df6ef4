"""SQLAlchemy: mapped classes and Tables, edited with their formatting kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dbspecialist.facts.errors import InputError

if TYPE_CHECKING:
    from dbspecialist.orms.base import Models


def detect(root: Path) -> Models | None:
    """Return the models of a repository whose files state SQLAlchemy's tables, or nothing.

    Raises:
        InputError: Where there are some and libcst is not installed.
    """
    from dbspecialist.orms.sqlalchemy.search import has_models

    if not has_models(root):
        return None
    try:
        from dbspecialist.orms.sqlalchemy.models import SqlalchemyModels
    except ModuleNotFoundError as error:
        if error.name != "libcst":
            raise
        raise InputError(
            "libcst is not installed, which edits SQLAlchemy's models",
            str(root),
            "pip install 'dbspecialist[sqlalchemy]'",
        ) from error
    return SqlalchemyModels(root)
