"""TypeORM: migration classes of a Node.js package, run by the project's own TypeORM."""

from dbspecialist.toolchains.typeorm.project import TypeormProject, detect

__all__ = ["TypeormProject", "detect"]
