"""The fix that the rules on rebuilds share: the script framed as SQLite's manual says."""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.sqlite.rebuild import framed
from dbspecialist.engines.sqlite.script import split_script
from dbspecialist.facts.change import FileEdit, Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.trial import Run, Trial


def frame(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Write the whole script anew: foreign keys off, one transaction, nothing left away.

    Nothing where the migration's file is not its way up alone.
    """
    text = trial.source
    sent = [item.sql for item in trial.statements]
    if not trial.migration.path.endswith(".sql"):
        return None
    if [item.sql for item in split_script(text)][: len(sent)] != sent:
        return None
    enforced = trial.statements[0].settings.get("foreign_keys") == "on"
    new = framed(text, list(restored(trial)), enforces=enforced, legacy=_has_loose_keys(trial))
    return (
        Phase(
            "make the tables anew without loss",
            tuple(item.sql for item in split_script(new)),
            transactional=False,
            edits=(FileEdit(trial.migration.path, new, text),),
        ),
    )


def _has_loose_keys(trial: Trial) -> bool:
    """Whether foreign keys refer to tables that are not there after it."""
    tables = {item.name.lower() for item in trial.after.of_kind("table")}
    keys = trial.after.of_kind("constraint")
    return any(item.attributes.get("references", "").lower() not in {"", *tables} for item in keys)


def restored(trial: Trial) -> Iterator[str]:
    """Yield what makes the indexes and triggers again that go with a table that comes again."""
    dropped = {
        name
        for item in trial.statements
        if item.tags[0] in {"DROP INDEX", "DROP TRIGGER"}
        for name in item.drops
    }
    tables = {item.name for item in trial.after.of_kind("table")}
    columns = {item.name for item in trial.after.of_kind("column")}
    there = {
        item.attributes["columns"]
        for item in trial.after.objects
        if item.kind in {"index", "constraint"} and "columns" in item.attributes
    }
    for item in trial.before.of_kind("index", "trigger"):
        gone = trial.after.get(item.kind, item.name) is None and item.parent in tables
        if not gone or f"{item.kind} {item.name}" in dropped:
            continue
        names = item.attributes.get("columns", "").split(", ") if item.kind == "index" else []
        known = all(f"{item.parent}.{name}" in columns for name in names if name[:1] != "<")
        if known and item.attributes.get("columns") not in there:
            yield " ".join(item.create.split()) if item.kind == "index" else item.create.strip()
