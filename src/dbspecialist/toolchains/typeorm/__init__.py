"""TypeORM: migration classes of a Node.js package, run by the project's own TypeORM."""

from dbspecialist.toolchains.typeorm.project import TypeormProject, detect

LOOKS_FOR = "a package.json with typeorm and classes that implement MigrationInterface"

__all__ = ["LOOKS_FOR", "TypeormProject", "detect"]
