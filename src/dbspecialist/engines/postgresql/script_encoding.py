"""Scripts in other encodings than UTF-8 that say so, as psql's scripts may."""

from __future__ import annotations

import codecs
import re

#: What gives a session its encoding (PostgreSQL manual, "Character Set Support").
_DECLARED = re.compile(
    rb"""^[ \t]*(?:SET\s+(?:SESSION\s+)?(?:client_encoding\s*(?:=|\bTO\b)|NAMES)|\\encoding)
    \s*['"]?(?P<name>[A-Za-z][\w-]*)""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)


def declared_text(content: bytes) -> str | None:
    """Decode a script as it says, with UTF8 in the place of what it says; else nothing.

    What it declares must come before the first byte that is not UTF-8. The text is sent in UTF-8,
    and the session is to read it so.
    """
    declared = _DECLARED.search(content)
    python = _codec(declared["name"].decode("ascii")) if declared else None
    if declared is None or python is None or not _is_utf8(content[: declared.start()]):
        return None
    start, end = declared.span("name")
    try:
        return (content[:start] + b"UTF8" + content[end:]).decode(python)
    except UnicodeDecodeError:
        return None


def _codec(name: str) -> str | None:
    """Return Python's name of an encoding that leaves ASCII as it is."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    plain = re.sub(r"^win(?:dows)?", "cp", plain).replace("koi8", "koi8-")
    try:
        return codecs.lookup(plain).name if plain not in {"utf8", "unicode"} else None
    except LookupError:
        return None


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
