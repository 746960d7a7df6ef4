"""Small Alembic projects, written as `alembic init` writes them."""

from pathlib import Path

INI = """[alembic]
script_location = migrations
prepend_sys_path = .
sqlalchemy.url = postgresql+psycopg://nobody:secret@unreachable.invalid/production
"""

ENV = """from alembic import context
from sqlalchemy import engine_from_config, pool
{imports}

config = context.config
target_metadata = {metadata}


def run_migrations_online():
    connectable = engine_from_config(
        config.get_section(config.config_ini_section), prefix="sqlalchemy.",
        poolclass=pool.NullPool{engine}
    )
    with connectable.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata{configure})
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("offline")
run_migrations_online()
"""

ASYNC_ENV = """import asyncio
from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine


def run(connection):
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()


async def main():
    engine = create_async_engine(
        "postgresql+asyncpg://nobody@unreachable.invalid/production", poolclass=pool.NullPool,
        connect_args={"server_settings": {"lock_timeout": "4s"}},
    )
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


asyncio.run(main())
"""


def write_project(
    root: Path,
    revisions: dict[str, str],
    *,
    imports: str = "",
    metadata: str = "None",
    configure: str = "",
    engine: str = "",
    env: str = "",
) -> Path:
    versions = root / "migrations" / "versions"
    versions.mkdir(parents=True)
    (root / "alembic.ini").write_text(INI)
    text = env or ENV.format(imports=imports, metadata=metadata, configure=configure, engine=engine)
    (root / "migrations" / "env.py").write_text(text)
    for name, body in revisions.items():
        (versions / f"{name}_.py").write_text(body)
    return root


def revision(
    name: str,
    down: str | tuple[str, ...] | None,
    up: str = "pass",
    back: str = "pass",
    extra: str = "",
) -> str:
    body = "\n".join(f"    {line}" for line in up.splitlines())
    undo = "\n".join(f"    {line}" for line in back.splitlines())
    return f'''"""revision {name}

Revision ID: {name}
"""
from alembic import op
import sqlalchemy as sa
{extra}

revision: str = "{name}"
down_revision = {down!r}
branch_labels = None
depends_on = None


def upgrade() -> None:
{body}


def downgrade() -> None:
{undo}
'''
