"""How a toolchain is told that a database has a revision already: its own command, never run here.

Sources: Alembic's "stamp", Prisma's "migrate resolve", TypeORM's "migration:run --fake", Flyway's
"baseline", Sequelize's SequelizeMeta table, golang-migrate's "force", in their manuals.
"""

from __future__ import annotations

_COMMANDS = {
    "alembic": "alembic stamp {0}",
    "flyway": "flyway baseline -baselineVersion={0} on a database without a history table,"
    " else a row of its own in flyway_schema_history",
    "prisma": "prisma migrate resolve --applied {0}",
    "sequelize": """INSERT INTO "SequelizeMeta" (name) VALUES ('{0}')""",
    "typeorm": "typeorm migration:run --fake",
}


def stamp_command(toolchain: str, revision: str) -> str:
    """Return what tells a toolchain that a database has a revision."""
    other = "a row for {0} in the version table of the tool that runs the files"
    return _COMMANDS.get(toolchain, other).format(revision.removeprefix("V"))
