from __future__ import annotations

from pathlib import Path

import pytest

from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.prove import prove


def test_plain_sql_is_found_beside_another_toolchain_where_it_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "prisma" / "migrations" / "20260101000000_init"
    folder.mkdir(parents=True)
    (folder / "migration.sql").write_text("CREATE TABLE users (id int);")
    (folder.parent / "migration_lock.toml").write_text('provider = "postgresql"\n')
    (tmp_path / "001_orders.sql").write_text("CREATE TABLE orders (id int);")
    report = prove([tmp_path], toolchain="sql", from_="base")
    assert {item.migration.toolchain for item in report.migrations} == {"sql"}
    with pytest.raises(InputError, match="no flyway migrations found"):
        prove([tmp_path], toolchain="flyway")
