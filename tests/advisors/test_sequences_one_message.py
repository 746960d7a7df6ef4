"""Plans for toolchains that send a file as one message: each long statement has its own."""

from pathlib import Path

import pytest
from requested import BILLION, plan

SCHEMA = """
CREATE TABLE users (
    id bigint PRIMARY KEY, mail text, size integer NOT NULL DEFAULT 1, code text UNIQUE
);
CREATE INDEX users_by_size ON users (size);
CREATE TABLE events (id bigint, at date) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
"""
LARGE = {"users": BILLION, "events_1": BILLION}


@pytest.mark.parametrize(
    ("asked", "files"),
    [
        ("add-unique users mail", 2),
        ("set-not-null users mail --fill \"''\"", 5),
        ("drop-column users size", 3),
        ("drop-constraint users users_code_key", 1),
        ("add-index events id", 3),
        ("change-type users size bigint", 6),
        ("split-table users codes code", 4),
    ],
)
def test_each_file_is_proven_there_and_back(asked: str, files: int, tmp_path: Path) -> None:
    found = plan(tmp_path, SCHEMA, asked, rows=LARGE, version=150_000, pairs=True)
    assert found.refuted == ()
    assert len(found.migrations) == files
    for item in found.migrations:
        outside = [one for one in item.statements if not one.in_transaction]
        assert len(outside) in {0, len(item.statements)}
