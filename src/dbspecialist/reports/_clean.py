"""Text from migrations and engines, made harmless for a terminal."""

from __future__ import annotations

import unicodedata

#: Cc: control characters (escape sequences begin with one). Cf: formatting characters, among
#: them those that reverse the order in which text is shown. Cs: lone surrogates.
INVISIBLE = frozenset({"Cc", "Cf", "Cs"})


def visible(text: str) -> str:
    """Return the text with every invisible character but newline and tab written as an escape.

    What is printed can come from a pull request; it may not move the cursor, retitle the
    terminal or reorder a line.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(character) for character in text.expandtabs(4))


def one_line(text: str, limit: int = 0) -> str:
    """Return the text on one line, cut to `limit` characters where that is not 0."""
    line = visible(" ".join(text.split()))
    return line if not limit or len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _visible(character: str) -> str:
    if character == "\n" or unicodedata.category(character) not in INVISIBLE:
        return character
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
