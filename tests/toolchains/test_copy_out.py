"""COPY TO STDOUT in a migration: what it sends is read to its end, and nothing waits for it."""

from __future__ import annotations

from pathlib import Path

import pytest

import dbspecialist


@pytest.mark.timeout(60)
@pytest.mark.parametrize("rows", [1, 200_000])
def test_copy_to_stdout_is_read_to_its_end(tmp_path: Path, rows: int) -> None:
    (tmp_path / "1.sql").write_text(
        f"COPY (SELECT n FROM generate_series(1, {rows}) n) TO STDOUT;\n"
        "CREATE TABLE t (id int PRIMARY KEY);\n"
    )
    report = dbspecialist.prove([tmp_path / "1.sql"])
    (migration,) = report.migrations
    assert [item.error for item in migration.statements] == [None] * len(migration.statements)
    assert migration.statements[-1].creates[0][2] == "public.t"
