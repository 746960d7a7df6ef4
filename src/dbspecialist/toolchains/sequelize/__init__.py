"""Sequelize: migration files of a Node.js package, run by the project's own Sequelize."""

from dbspecialist.toolchains.sequelize.project import SequelizeProject, detect

__all__ = ["SequelizeProject", "detect"]
