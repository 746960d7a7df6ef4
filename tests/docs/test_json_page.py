"""docs/json.md names every key of the schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pages import DOCS

import dbspecialist.reports

SCHEMA = Path(dbspecialist.reports.__file__).parent / "report.schema.json"


def keys(schema: Any) -> Iterator[str]:
    """Yield the names of all properties, at any depth."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for part in schema.values():
            yield from keys(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from keys(part)


def test_page_names_every_key() -> None:
    schema = json.loads(SCHEMA.read_text())
    text = (DOCS / "json.md").read_text()
    named = set(keys(schema))
    assert len(named) > 60
    assert sorted(key for key in named if f"`{key}`" not in text) == []
