"""Requests: what somebody wants changed, one dataclass a kind."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any

_INNER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True)
class Request:
    """One wanted change; a kind's fields without a default are given in order.

    A field is a text, a tuple of texts (the last of those given in order, or an option that may
    be repeated), or a flag.
    """

    def __str__(self) -> str:
        """Write the request as the command line takes it."""
        return shlex.join([kind_of(type(self)), *_words(self)])


def kind_of(request: type[Request]) -> str:
    """Return the name of a kind of request: `add-column` for `AddColumn`."""
    return _INNER.sub("-", request.__name__).lower()


def argument(help: str, *, metavar: str = "") -> Any:
    """Declare a field that is given in order."""
    return field(metadata={"help": help, "metavar": metavar})


def option(help: str, *, metavar: str = "SQL") -> Any:
    """Declare a field that is given by its name, or not."""
    return field(default=None, metadata={"help": help, "metavar": metavar})


def repeated(help: str, *, metavar: str = "NAME") -> Any:
    """Declare a field that is given by its name any number of times."""
    return field(default=(), metadata={"help": help, "metavar": metavar})


def flag(help: str) -> Any:
    """Declare a field that is said or not."""
    return field(default=False, metadata={"help": help})


def arguments_of(request: type[Request]) -> tuple[Field[Any], ...]:
    """Return the fields that are given in order."""
    return tuple(item for item in fields(request) if item.default is MISSING)


def options_of(request: type[Request]) -> tuple[Field[Any], ...]:
    """Return the fields that are given by name."""
    return tuple(item for item in fields(request) if item.default is not MISSING)


def is_many(item: Field[Any]) -> bool:
    """Whether a field holds several texts."""
    return str(item.type).startswith("tuple")


def option_name(item: Field[Any]) -> str:
    """Return how an option is written: `--not-null`."""
    return f"--{item.name.rstrip('_').replace('_', '-')}"


def _words(request: Request) -> Iterator[str]:
    for item in arguments_of(type(request)):
        value = getattr(request, item.name)
        yield from value if is_many(item) else (value,)
    for item in options_of(type(request)):
        value = getattr(request, item.name)
        if value is True:
            yield option_name(item)
        elif isinstance(value, tuple):
            for one in value:
                yield from (option_name(item), one)
        elif value is not None and value is not False:
            yield from (option_name(item), value)
