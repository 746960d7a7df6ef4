"""Sequelize: migration files of a Node.js package, run by the project's own Sequelize."""

from dbspecialist.toolchains.sequelize.project import SequelizeProject, detect

LOOKS_FOR = "a package.json with sequelize and .sequelizerc or a folder `migrations`"

__all__ = ["LOOKS_FOR", "SequelizeProject", "detect"]
