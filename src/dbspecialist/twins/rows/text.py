"""Text for statements that are sent with parameters, if need be an empty list of them.

psycopg's own composition takes a third of the time of filling a twin.
"""

from __future__ import annotations


def plain(text: str) -> str:
    """Escape what psycopg reads as placeholders; the text is the engine's own."""
    return text.replace("%", "%%")


def identifier(name: str) -> str:
    """Quote a name."""
    return '"' + plain(name).replace('"', '""') + '"'
