"""The engine, from the environment."""

import os

from sqlalchemy import Engine, create_engine


def make_engine() -> Engine:
    """Connect to the database that DATABASE_URL names."""
    return create_engine(os.environ["DATABASE_URL"], pool_size=10, pool_pre_ping=True)
