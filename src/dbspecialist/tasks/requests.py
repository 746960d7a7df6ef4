"""Requests in words: one a line, as the command line takes them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import Field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dbspecialist.advisors.sequences import kind_names, request_type
from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.request import (
    Request,
    arguments_of,
    is_many,
    kind_of,
    option_name,
    options_of,
)


def read_request(words: Sequence[str], where: str = "") -> Request:
    """Read one request from its words.

    Args:
        words: Its kind, what is given in order, and options.
        where: Where it stands, for messages.

    Raises:
        InputError: Where the kind is not known, or words are missing or too many.
    """
    if not words:
        raise InputError(
            "there is no request", where, f"begin with {', '.join(kind_names()[:3])} …"
        )
    request = _type(words[0], where)
    given, values = _options(request, words[1:], where)
    values |= _arguments(request, given, where)
    return request(**values)


def read_requests(path: Path) -> tuple[Request, ...]:
    """Read a file of requests, one a line; `#` begins a comment.

    Raises:
        InputError: With the line of the first that cannot be read.
    """
    found = []
    for number, line in enumerate(script_text(path).splitlines(), 1):
        where = f"{path}:{number}"
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            raise InputError(str(error).lower(), where, "close the quote") from error
        if words:
            found.append(read_request(words, where))
    if not found:
        raise InputError("the file holds no request", str(path), "write one a line")
    return tuple(found)


def _type(kind: str, where: str) -> type[Request]:
    if kind not in kind_names():
        near = get_close_matches(kind, kind_names(), 1)
        todo = f"did you mean {near[0]}?" if near else f"choose among {', '.join(kind_names())}"
        raise InputError(f"there is no request {kind}", where, todo)
    return request_type(kind)


def _options(
    request: type[Request], words: Sequence[str], where: str
) -> tuple[list[str], dict[str, Any]]:
    """Part words from options; `--` ends the options."""
    known = {option_name(item): item for item in options_of(request)}
    given: list[str] = []
    values: dict[str, Any] = {}
    rest = iter(words)
    for word in rest:
        if word == "--":
            given.extend(rest)
        elif not word.startswith("--"):
            given.append(word)
        else:
            name, sign, text = word.partition("=")
            item = known.get(name)
            if item is None:
                near = get_close_matches(name, known, 1)
                todo = f"did you mean {near[0]}?" if near else _usage(request)
                raise InputError(f"{kind_of(request)} has no option {name}", where, todo)
            _keep(values, item, _value(item, name, text if sign else None, rest, where))
    return given, values


def _value(
    item: Field[Any], name: str, text: str | None, rest: Iterator[str], where: str
) -> str | bool:
    if item.default is False:
        if text is not None:
            raise InputError(f"{name} takes no value", where, f"write {name}")
        return True
    found = text if text is not None else next(rest, None)
    if found is None:
        raise InputError(f"{name} has no value", where, f"write {name} {item.metadata['metavar']}")
    return found


def _keep(values: dict[str, Any], item: Field[Any], value: str | bool) -> None:
    if is_many(item):
        values[item.name] = (*values.get(item.name, ()), value)
    else:
        values[item.name] = value


def _arguments(request: type[Request], given: Sequence[str], where: str) -> dict[str, Any]:
    wanted = arguments_of(request)
    many = bool(wanted) and is_many(wanted[-1])
    if len(given) < len(wanted):
        missing = wanted[len(given)].name.upper()
        raise InputError(f"{kind_of(request)} lacks {missing}", where, _usage(request))
    if len(given) > len(wanted) and not many:
        extra = " ".join(given[len(wanted) :])
        raise InputError(f"{kind_of(request)} takes no '{extra}'", where, _usage(request))
    values: dict[str, Any] = {
        item.name: text for item, text in zip(wanted, given, strict=False) if not is_many(item)
    }
    if many:
        values[wanted[-1].name] = tuple(given[len(wanted) - 1 :])
    return values


def _usage(request: type[Request]) -> str:
    words = [item.name.upper() + ("…" if is_many(item) else "") for item in arguments_of(request)]
    words += [f"[{option_name(item)}]" for item in options_of(request)]
    return f"write {kind_of(request)} {' '.join(words)}"
