"""Documents and search: json, jsonb, jsonpath, xml, tsvector, tsquery, hstore."""

from __future__ import annotations

import json

from dbspecialist.twins.rows.families.request import Request
from dbspecialist.twins.rows.families.text import WORDS, fit

TYPES = frozenset({"json", "jsonb", "jsonpath", "xml", "tsvector", "tsquery", "hstore"})


def value(request: Request) -> str:
    """Make a small document."""
    row, word = request.row, WORDS[request.row % len(WORDS)]
    match request.type.base:
        case "json" | "jsonb":
            return _json(request)
        case "jsonpath":
            return f"$.{word}[{row}]"
        case "xml":
            return f"<item>{word} {row}</item>"
        case "tsvector":
            return f"'{word}':1 '{row}':2"
        case "hstore":
            return f'"{word}"=>"{row}"'
        case _:
            return f"'{word}' & '{row}'"


def _json(request: Request) -> str:
    if request.careful and request.row in (1, 2, 3):
        return {1: "{}", 2: "[]", 3: '{"name": null}'}[request.row]
    width = None if request.width is None else max(4.0, request.width - 24)
    return json.dumps({"id": request.row, "name": fit(request.row, None, width)})
