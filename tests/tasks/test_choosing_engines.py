from __future__ import annotations

from pathlib import Path

import pytest

from dbspecialist.tasks.choosing_engines import engine_named


@pytest.mark.parametrize(
    ("file", "text", "engine"),
    [
        ("alembic.ini", "[alembic]\nsqlalchemy.url = mysql+pymysql://u@h/shop\n", "mysql"),
        ("alembic.ini", "[alembic]\nsqlalchemy.url = driver://user:pass@localhost/mysql\n", ""),
        ("alembic.ini", "[alembic]\nsqlalchemy.url = postgresql://mysql://\n", ""),
        ("flyway.conf", "flyway.url=jdbc:mariadb://localhost/shop\n", "mariadb"),
        ("conf/flyway.conf", "# flyway.url=jdbc:mysql://localhost/shop\n", ""),
        ("flyway.toml", '[environments.default]\nurl = "jdbc:mysql://localhost/shop"\n', "mysql"),
        ("prisma/migrations/migration_lock.toml", 'provider = "mysql"\n', "mysql"),
        ("prisma/migrations/migration_lock.toml", 'provider = "postgresql"\n', ""),
        ("prisma/migrations/migration_lock.toml", 'provider = "sqlite"\n', "sqlite"),
        ("flyway.conf", "flyway.url=jdbc:sqlite:shop.db\n", "sqlite"),
        ("alembic.ini", "[alembic]\nsqlalchemy.url = sqlite:///shop.db\n", ""),
    ],
)
def test_engine_is_that_of_the_project(tmp_path: Path, file: str, text: str, engine: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(text)
    migrations = tmp_path / "db" / "migrations"
    migrations.mkdir(parents=True)
    assert engine_named(None, [tmp_path]) == engine
    assert engine_named(None, [migrations]) == engine


@pytest.mark.parametrize(
    ("url", "engine"),
    [("mariadb://u@h/d", "mariadb"), (" mysql+mysqldb://h/d", "mysql"), ("postgresql://h/d", "")],
)
def test_engine_is_that_of_the_url(tmp_path: Path, url: str, engine: str) -> None:
    assert engine_named(url, [tmp_path]) == engine
