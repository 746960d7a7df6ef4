"""Alembic's environment: online and offline, against DATABASE_URL."""

import os

from alembic import context
from shop.database import make_engine
from shop.models import Base


def run_offline() -> None:
    context.configure(
        url=os.environ.get("DATABASE_URL", "postgresql://"),
        target_metadata=Base.metadata,
        literal_binds=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    with make_engine().connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
