"""Targets that nobody watches: databases in which migrations run for where they lead."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence

from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.base import Project, Target
from dbspecialist.twins.stage import Stage
from dbspecialist.twins.stage_roles import OWNER

#: What an observer translates (`twins/observed/translation`).
_SHARED = re.compile(
    r"\bROLE\b|\bCREATE\s+(?:USER|GROUP)\b|\bDATABASE\b|_?COMPRESSION\b|\bICU\b", re.IGNORECASE
)


@contextlib.contextmanager
def unwatched(
    stage: Stage, database: str, project: Project, migrations: Sequence[Migration]
) -> Iterator[Target]:
    """Open a target for migrations: the server itself, or an observer that translates for it.

    Args:
        stage: Whose database it is.
        database: Its name.
        project: Whose migrations are sent there.
        migrations: Those whose files are looked at.
    """
    if not any(_names_shared(project, item) for item in migrations):
        yield Target(stage.cluster.url(database, OWNER), lambda _: None, watched=False)
        return
    with stage.observer(database, effects=False) as observer:
        yield Target(observer.url, lambda _: None, watched=False)


def _names_shared(project: Project, migration: Migration) -> bool:
    """Tell whether a migration's file may name what databases of a server share."""
    path = project.root / migration.path
    return path.is_file() and _SHARED.search(path.read_text(errors="replace")) is not None
