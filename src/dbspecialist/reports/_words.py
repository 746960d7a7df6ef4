"""Words that several reports share."""

from __future__ import annotations

import re

from dbspecialist.facts.migration import Migration
from dbspecialist.facts.report import MigrationReport
from dbspecialist.facts.units import plural
from dbspecialist.reports._clean import one_line

ENGINES = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite"}


def severities(number: int, severity: str) -> str:
    """Write a count of findings (`1 error`, `2 warnings`, `3 info`)."""
    return f"{number:,} info" if severity == "info" else plural(number, severity)


def engine(name: str, version: str) -> str:
    """Write an engine and its version as its makers do (`PostgreSQL 18.6`)."""
    return f"{ENGINES.get(name, name)} {version}"


def name(migration: Migration, limit: int = 60) -> str:
    """Write a migration's revision and its title, where the revision does not say it already."""
    said = re.sub(r"[\W_]+", " ", migration.revision).lower()
    if re.sub(r"[\W_]+", " ", migration.title).lower().strip() in said:
        return one_line(migration.revision, limit)
    return one_line(f"{migration.revision} {migration.title}".rstrip("."), limit)


def transactions(item: MigrationReport) -> str:
    """Say how a migration's statements were seen to be wrapped (`one transaction`)."""
    wrapped = {one.transaction for one in item.statements if one.in_transaction}
    if not item.statements:
        return "no statements"
    if not wrapped:
        return "no transaction"
    said = "one transaction" if len(wrapped) == 1 else plural(len(wrapped), "transaction")
    alone = sum(not one.in_transaction for one in item.statements)
    return f"{said}, {plural(alone, 'statement')} outside" if alone else said
