"""What went wrong in the project, in words that fit one line.

A part of driver.py: runs in the project's interpreter (Python 3.8 and later).
"""

from __future__ import annotations

import types
from typing import Any

from driver_connect import WrongDatabaseError  # type: ignore[import-not-found]


class NotImportedError(Exception):
    """A revision file that could not be imported."""


def stub(facts: dict[str, Any], reason: str) -> Any:
    """A module for a revision file that cannot be imported; running it says why."""

    def refuse(**_: Any) -> None:
        raise NotImportedError("it does not import: " + reason)

    module = types.ModuleType(facts["revision"])
    module.__file__, module.__doc__ = facts["path"], facts["title"]
    for name in ("revision", "down_revision", "depends_on", "branch_labels"):
        setattr(module, name, facts[name] or None)
    module.upgrade = module.downgrade = refuse  # type: ignore[attr-defined]
    return module


def sent(error: BaseException) -> bool:
    """Whether an error comes from a statement or a connection, and not from before."""
    from sqlalchemy.exc import DBAPIError

    return isinstance(error, (DBAPIError, WrongDatabaseError))


def failure(error: BaseException) -> dict[str, Any]:
    """What a driver's exception says of the engine's refusal, or the exception itself."""
    answer: dict[str, Any] = {"event": "failed", "reason": in_one_line(error), "sqlstate": ""}
    # A package that is not there says nothing of the migration.
    answer["unchecked"] = isinstance(error, (NotImportedError, ImportError))
    seen: Any = error
    while seen is not None:
        origin = getattr(seen, "orig", None) or seen
        for item in (getattr(origin, "__cause__", None), origin):  # asyncpg's own, then a wrapper
            state = getattr(item, "sqlstate", None) or getattr(item, "pgcode", None)
            if state:
                diag = getattr(item, "diag", item)
                said = getattr(diag, "message_primary", None) or getattr(item, "message", None)
                detail = getattr(diag, "message_detail", None) or getattr(item, "detail", None)
                answer.update(sqlstate=state, message=said or str(item), detail=detail or "")
                return answer
        if origin.args and isinstance(origin.args[0], dict) and "C" in origin.args[0]:  # pg8000
            fields = origin.args[0]
            answer.update(sqlstate=fields["C"], message=fields["M"], detail=fields.get("D", ""))
            return answer
        seen = seen.__cause__ or seen.__context__
    return answer


def in_one_line(error: BaseException) -> str:
    """An exception's name and the first line of its text."""
    told = isinstance(error, NotImportedError) or type(error).__name__ == "NeverRunError"
    name = "" if told else type(error).__name__ + ": "
    return (name + str(error)).strip().partition("\n")[0]
