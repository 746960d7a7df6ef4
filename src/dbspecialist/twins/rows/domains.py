"""Domains: values that they accept, found by asking the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

import psycopg

from dbspecialist.twins.rows.families import literal
from dbspecialist.twins.rows.families.request import Request
from dbspecialist.twins.rows.hints import hints
from dbspecialist.twins.rows.structure import DataType

#: Values by type that are tried beside those that the conditions suggest.
TRIED = 8
QUERY = """
    SELECT name, array_agg(text ORDER BY number)
    FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS u(name, text, number)
    WHERE pg_input_is_valid(text, name) GROUP BY name
"""


def accepted(
    connection: psycopg.Connection[Any], domains: Iterable[DataType]
) -> Mapping[str, tuple[str, ...]]:
    """Return for each domain values that its input function reads (`pg_input_is_valid`)."""
    pairs = [(domain.name, text) for domain in domains for text in _tried(domain)]
    if not pairs:
        return {}
    names, texts = ([pair[at] for pair in pairs] for at in (0, 1))
    return {name: tuple(found) for name, found in connection.execute(QUERY, [names, texts])}


def conditions(wanted: DataType) -> list[tuple[str, DataType]]:
    """Return the conditions of a domain and of those below it, each with its base type."""
    if wanted.kind != "d" or wanted.element is None:
        return []
    return [(text, wanted.element) for text in wanted.checks] + conditions(wanted.element)


def _tried(domain: DataType) -> list[str]:
    rng = Random(domain.name)
    plain = [literal(Request(domain, row, row, rng)) for row in range(TRIED)]
    named = [text for check, base in conditions(domain) for text in hints(check, base, rng)]
    return list(dict.fromkeys([*plain, *named]))
