"""Redaction of the workload: literals that normalisation has left in the statements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from dbspecialist.engines.postgresql.tokens import tokens
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.workload import WorkloadStatement


def redact_workload(items: Iterable[WorkloadStatement]) -> Iterator[WorkloadStatement]:
    """Put stand-ins into the queries; one that breaks off in a literal is left out."""
    for item in items:
        try:
            yield replace(item, query="".join(_query(item.query)))
        except InputError:
            continue


def _query(query: str) -> Iterator[str]:
    """Put x and 1 in place of the literals that normalisation has left; comments go."""
    before = ""
    for token in tokens(query, ""):
        text = query[token.start : token.end]
        if token.kind in {"quoted", "escape"}:
            start = text.index("'") + 1
            yield text[:start] + "x" * (len(text) - start - 1) + "'"
        elif token.kind == "dollar":
            yield "'" + "x" * (len(text) - 2) + "'"
        elif token.kind == "other" and text[:1].isdigit() and before != "$":
            yield re.sub(r"[0-9]", "1", text)
        elif token.kind.endswith("comment"):
            yield " "
        else:
            yield text
        before = text
