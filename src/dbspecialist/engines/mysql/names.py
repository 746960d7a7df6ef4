"""Names: quoted for the engine, and as reports show them."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z_$][\w$]*\Z")


def quoted(name: str) -> str:
    """Quote a name for the engine."""
    return "`" + name.replace("`", "``") + "`"


def plain(text: str) -> str:
    """Take the backticks from a name as it stands in SQL."""
    if len(text) > 1 and text[0] == text[-1] == "`":
        return text[1:-1].replace("``", "`")
    return text


def shown(*parts: str) -> str:
    """Write a name with its parts, in backticks where they are needed (`shop.orders`)."""
    return ".".join(part if _PLAIN.match(part) else quoted(part) for part in parts)


def parts(name: str) -> tuple[str, ...]:
    """Take a shown name apart."""
    found = re.findall(r"`(?:[^`]|``)*`|[^.`]+", name)
    return tuple(plain(item) for item in found)


def in_sql(name: str) -> str:
    """Quote a shown name for the engine, part by part."""
    return ".".join(quoted(part) for part in parts(name))
