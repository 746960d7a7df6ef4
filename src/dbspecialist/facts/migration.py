"""Migrations: one step of a repository's history."""

from __future__ import annotations

from dataclasses import dataclass

#: Tables in which toolchains keep what has run; they are no part of the schema.
VERSION_TABLES = frozenset(
    {
        *("alembic_version", "flyway_schema_history", "_prisma_migrations", "SequelizeMeta"),
        *("migrations", "typeorm_metadata", "schema_migrations", "goose_db_version"),
        *("_sqlx_migrations", "__diesel_schema_migrations"),
    }
)


#: What `Trial.untried` begins with where a migration's file is no script that can be read.
UNREADABLE = "it cannot be read"


@dataclass(frozen=True, slots=True)
class Migration:
    """One revision of a toolchain's history.

    Args:
        revision: The toolchain's own name for it (`3f2a…`, `V7`, `20260101_init`).
        path: The file, relative to the project's root.
        toolchain: `alembic`, `flyway`, `prisma`, `typeorm`, `sequelize`, `sql`.
        parents: Revisions that it follows (several for an Alembic merge).
        title: Its description, or "".
        transactional: Whether the toolchain's runner wraps it in a transaction.
        reversible: Whether the toolchain has a way back for it; nothing where unknown.
        not_run: Why its runner passes over it, though it runs those after it, or "".
        asks: Whether it is a script that sends other statements by what it is answered.
    """

    revision: str
    path: str
    toolchain: str
    parents: tuple[str, ...] = ()
    title: str = ""
    transactional: bool = True
    reversible: bool | None = None
    not_run: str = ""
    asks: bool = False
