"""An index on a long column holds a prefix of it, or a hash, and the engine says so in a note only.

## What it does
Looks for new indexes whose columns the engine cut to a prefix, and for unique indexes that it made
as hashes, without the statement asking for it.

## Why it matters
A key has at most 3,072 bytes in InnoDB: 768 characters of utf8mb4. MariaDB cuts a longer key of an
index that is not unique, with a note that no toolchain shows, also in strict mode: the index then
serves neither ORDER BY nor a covering read. A unique one is made as a hash (USING HASH), which
serves no range and no beginning of a text.

## Example
    CREATE INDEX pages_url ON pages (url);

with url VARCHAR(1000).

## Use instead
    CREATE INDEX pages_url ON pages (url(100));

or a generated column with a digest of the text, and an index on that.

## What proves it
The index is read from information_schema behind the statement on the twin, and the engine's note.

## Source
MariaDB documentation, "Getting Started with Indexes", unique index; MySQL manual, "InnoDB Limits".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen

TITLE = "Keep the keys of indexes whole"
SEVERITY = "warning"
ENGINES = ("mysql", "mariadb")

_PREFIX = re.compile(r"(.+)\((\d+)\)")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each index that holds less than its columns."""
    for statement in trial.statements:
        text = " ".join(statement.sql.lower().split())
        for item in statement.changes:
            index = item.after
            if item.before is not None or index is None or index.kind != "index":
                continue
            told = _told(index, text)
            if told:
                yield finding(
                    severity="warning",
                    message=f"Index {index.name} {told}",
                    location=at(trial, statement),
                    evidence=(seen(f"{index.name} is {index.attributes['columns']}"),),
                    help="write the prefix yourself, or index a digest of the column",
                    relation=index.parent,
                )


def _told(index: SchemaObject, text: str) -> str:
    """Say what an index holds that the statement did not ask for; its words are read for that."""
    given = index.attributes
    if given["kind"] == "unique" and given["method"] == "HASH" and "using hash" not in text:
        return "is a hash of its key, which serves no range and no sort (USING HASH)"
    for part in given["columns"].split(", "):
        found = _PREFIX.fullmatch(part)
        if found and not re.search(rf"\(\s*{found[2]}\s*\)", text):
            return f"holds the first {found[2]} characters of {found[1]} alone"
    return ""
