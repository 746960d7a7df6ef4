"""Safe sequences: the phases by which a wanted change reaches a database that is in use.

A kind of request is a module of `kinds` with a dataclass of facts.request.Request, the first in
it, and a function `steps(request, ground)`. It is found by being there.
"""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from dbspecialist.facts.request import Request

if TYPE_CHECKING:
    from dbspecialist.advisors.sequences.ground import Ground
    from dbspecialist.advisors.sequences.steps import Steps

_FOLDER = Path(__file__).parent / "kinds"


def kind_names() -> tuple[str, ...]:
    """List the kinds of request by name without importing them."""
    return tuple(sorted(path.stem.replace("_", "-") for path in _FOLDER.glob("[a-z]*.py")))


def kind_file(kind: str) -> Path:
    """Return the file of a kind."""
    return _FOLDER / f"{kind.replace('-', '_')}.py"


@cache
def request_type(kind: str) -> type[Request]:
    """Return the dataclass of a kind that is known."""
    module = _module(kind)
    found = [
        item
        for item in vars(module).values()
        if isinstance(item, type)
        and issubclass(item, Request)
        and item.__module__ == module.__name__
    ]
    return found[0]


def steps_of(request: Request, ground: Ground) -> Steps:
    """Return the phases that carry a request out.

    Raises:
        InputError: Where the request does not fit the schema.
    """
    found: Steps = importlib.import_module(type(request).__module__).steps(request, ground)
    return found


def _module(kind: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.kinds.{kind.replace('-', '_')}")
