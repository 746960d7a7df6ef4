"""Trials as the writing of fixes needs them: a file, and the statements that its lines sent."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.trial import Trial
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.writing import rewritten

BUILD = Phase(
    "build the index while writes go on",
    ("CREATE INDEX CONCURRENTLY i ON t (a)",),
    transactional=False,
)
ADD = Phase("add the check", ("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",))
VALIDATE = Phase("check the rows", ("ALTER TABLE t VALIDATE CONSTRAINT c",))


def trial(
    project: Project, revision: str, *sent: tuple[int, str], transaction: bool = True
) -> Trial:
    migration = next(item for item in project.history() if item.revision == revision)
    return Trial(
        migration,
        tuple(
            StatementEffects(sql, line, transaction=1, in_transaction=transaction)
            for line, sql in sent
        ),
        Catalogue(),
        Catalogue(),
        (project.root / migration.path).read_text(),
    )


def texts(
    project: Any,
    revision: str,
    sent: list[tuple[int, str]],
    phases: Mapping[int, list[Phase]],
    *,
    transaction: bool = True,
) -> dict[str, str]:
    seen = trial(project, revision, *sent, transaction=transaction)
    edits = rewritten(project, seen, phases)
    return {edit.path: edit.text for edit in edits}


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
