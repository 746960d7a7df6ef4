"""A target that keeps the marks it is given; the server behind it is real, as are its tables."""

from dataclasses import dataclass, field
from typing import Any

import psycopg

from dbspecialist.toolchains.base import Mark, Target
from dbspecialist.twins.cluster import Cluster

Database = psycopg.Connection[tuple[Any, ...]]


@dataclass
class Recording:
    url: str
    marks: list[Mark] = field(default_factory=list)

    @property
    def target(self) -> Target:
        return Target(self.url, self.marks.append)

    def lines(self, direction: str = "up") -> list[tuple[str, int | None]]:
        return [(item.revision, item.line) for item in self.marks if item.direction == direction]


def recording(cluster: Cluster, database: Database) -> Recording:
    return Recording(cluster.url(database.info.dbname))


def names(database: Database) -> list[str]:
    """List the relations of the schema public."""
    rows = database.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
    )
    return [row[0] for row in rows]
