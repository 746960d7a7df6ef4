"""Statements that do nothing where their work is done already.

Where the grammar has IF EXISTS, IF NOT EXISTS or OR REPLACE it is used ("SQL Commands", PostgreSQL
manual); else the engine's refusal of what is there, or is gone, is caught in a DO block.
"""

from __future__ import annotations

import re

_NAME = r"(?:\"(?:[^\"]|\"\")+\"|[\w$.])+"

#: What begins a statement, and what it begins with instead.
_FORMS = tuple(
    (re.compile(rf"{pattern}(?!IF )", re.IGNORECASE), form)
    for pattern, form in (
        (r"(CREATE (?:UNLOGGED )?TABLE) ", r"\1 IF NOT EXISTS "),
        (r"(CREATE (?:UNIQUE )?INDEX(?: CONCURRENTLY)?) ", r"\1 IF NOT EXISTS "),
        (
            r"(CREATE (?:SEQUENCE|SCHEMA|EXTENSION|MATERIALIZED VIEW|STATISTICS)) ",
            r"\1 IF NOT EXISTS ",
        ),
        (r"CREATE (VIEW|FUNCTION|PROCEDURE|TRIGGER|RULE) ", r"CREATE OR REPLACE \1 "),
        (r"(DROP INDEX CONCURRENTLY) ", r"\1 IF EXISTS "),
        (
            r"(DROP (?:TABLE|INDEX|SEQUENCE|SCHEMA|EXTENSION|VIEW|MATERIALIZED VIEW|FUNCTION)) ",
            r"\1 IF EXISTS ",
        ),
        (
            r"(DROP (?:PROCEDURE|TYPE|DOMAIN|TRIGGER|POLICY|RULE|STATISTICS|AGGREGATE|COLLATION)) ",
            r"\1 IF EXISTS ",
        ),
        (rf"(ALTER TABLE (?:ONLY )?{_NAME} ADD COLUMN) ", r"\1 IF NOT EXISTS "),
        (rf"(ALTER TABLE (?:ONLY )?{_NAME} DROP (?:COLUMN|CONSTRAINT)) ", r"\1 IF EXISTS "),
        (rf"(ALTER TYPE {_NAME} ADD VALUE) ", r"\1 IF NOT EXISTS "),
    )
)

#: What can be said twice as it is.
_REPEATABLE = re.compile(
    r"COMMENT ON |GRANT |REVOKE |CREATE OR REPLACE |SET "
    rf"|ALTER TABLE (?:ONLY )?{_NAME} "
    r"(?:ALTER (?:COLUMN )?(?!.* ADD GENERATED)|OWNER TO|SET|RESET|REPLICA|ENABLE|DISABLE"
    r"|FORCE|NO FORCE|VALIDATE)"
    r"|ALTER (?:SEQUENCE|INDEX|VIEW|FUNCTION|DOMAIN|TYPE|SCHEMA) "
    rf"{_NAME}.* (?:OWNER TO|SET|OWNED BY)",
    re.IGNORECASE,
)

#: A column's new type; it is refused where a view stands on the column, whatever the type was.
_TYPED = re.compile(
    rf"ALTER TABLE (?:ONLY )?(?P<table>{_NAME}) ALTER COLUMN (?P<column>{_NAME}) TYPE (?P<type>.+?)"
    r"(?: COLLATE .+?)?(?: USING .+)?$",
    re.IGNORECASE | re.DOTALL,
)

#: What the engine says to what is there already, and to what is gone ("PostgreSQL Error Codes").
_THERE = "duplicate_object"
_CONSTRAINT_THERE = "duplicate_object OR duplicate_table OR invalid_table_definition"
_GONE = "undefined_object OR undefined_table OR undefined_column OR undefined_function"
_RENAMED = f"{_GONE} OR duplicate_object OR duplicate_table OR duplicate_column"


def where_missing(sql: str) -> str:
    """Return a statement that does its work where it is not done yet, and else nothing."""
    typed = _TYPED.match(sql)
    if typed is not None:
        return _where_of_another_type(sql, typed)
    for pattern, form in _FORMS:
        changed, count = pattern.subn(form, sql, count=1)
        if count and pattern.match(sql):
            return changed
    if _REPEATABLE.match(sql):
        return sql
    caught = _caught(sql.upper())
    return _block(f"BEGIN\n    {sql};\nEXCEPTION WHEN {caught} THEN NULL;\nEND")


def _where_of_another_type(sql: str, found: re.Match[str]) -> str:
    """Ask the catalogue for the column's type, with its schema or without."""
    wanted = ", ".join(
        _text(name) for name in dict.fromkeys((found["type"], found["type"].rpartition(".")[2]))
    )
    column = found["column"].strip('"').replace('""', '"')
    column_is = f"attrelid = {_text(found['table'])}::regclass AND attname = {_text(column)}"
    return _block(
        f"BEGIN\n    IF (SELECT format_type(atttypid, atttypmod) NOT IN ({wanted})"
        f"\n        FROM pg_attribute WHERE {column_is})"
        f"\n    THEN\n        {sql};\n    END IF;\nEND"
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _block(body: str) -> str:
    mark = "$dbs$" if "$do$" in body else "$do$"
    return f"DO {mark}\n{body}\n{mark}"


def _caught(sql: str) -> str:
    if " RENAME " in sql:
        return _RENAMED
    if sql.startswith("DROP ") or " DROP " in sql:
        return _GONE
    return _CONSTRAINT_THERE if " ADD " in sql else _THERE
