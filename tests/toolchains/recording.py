"""A target that keeps the marks it is given; the server behind it is real."""

from dataclasses import dataclass, field
from typing import Any

import psycopg

from dbspecialist.toolchains.base import Mark, Target
from dbspecialist.twins.cluster import Cluster


@dataclass
class Recording:
    url: str
    marks: list[Mark] = field(default_factory=list)

    @property
    def target(self) -> Target:
        return Target(self.url, self.marks.append)

    def lines(self, direction: str = "up") -> list[tuple[str, int | None]]:
        return [(item.revision, item.line) for item in self.marks if item.direction == direction]


def recording(cluster: Cluster, database: psycopg.Connection[tuple[Any, ...]]) -> Recording:
    return Recording(cluster.url(database.info.dbname))
