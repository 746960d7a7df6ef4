"""Array literals as PostgreSQL reads and writes them (manual, "Array Input and Output")."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Text that must stand in quotes inside an array.
_QUOTED = re.compile(r'[{},"\\\s]')
_ELEMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,{}"]+)', re.DOTALL)


def array_text(values: Iterable[str | None]) -> str:
    """Write a one-dimensional array."""
    return "{" + ",".join(_element(value) for value in values) + "}"


def _element(value: str | None) -> str:
    if value is None:
        return "NULL"
    if value == "" or value.upper() == "NULL" or _QUOTED.search(value):
        return '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'
    return value


def array_values(text: str) -> list[str | None]:
    """Read a one-dimensional array."""
    return [
        None if bare.upper() == "NULL" else bare or re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
        for quoted, bare in _ELEMENT.findall(text[1:-1])
    ]
