"""Safe sequences: SQL that several fixes are made of."""

from __future__ import annotations

from dbspecialist.engines.postgresql.identifiers import object_name
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.change import Phase
from dbspecialist.facts.names import parts
from dbspecialist.facts.trial import Run
from dbspecialist.rules.migration._columns import part

#: Pages of 8 KiB that one step of a backfill covers.
BACKFILL_PAGES = 1000

#: From this version on a NOT NULL can be NOT VALID (PostgreSQL 18 release notes).
NOT_NULL_NOT_VALID = 180000


def single_action(sql: str) -> bool:
    """Tell whether ALTER TABLE has one action: no comma outside of brackets and quotes."""
    depth, quote = 0, ""
    for char in sql:
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif char == "," and not depth:
            return False
    return sql.lstrip()[:11].lower() == "alter table"


def backfill(table: str, column: str, value: str) -> Phase:
    """Set a column where it is NULL, in steps that each commit."""
    literal = table.replace("'", "''")
    steps = (
        "DO $$\n"
        "DECLARE\n"
        "    page bigint := 0;\n"
        "BEGIN\n"
        f"    WHILE page * current_setting('block_size')::bigint < pg_relation_size('{literal}') "
        "LOOP\n"
        f"        UPDATE {table} SET {column} = {value}\n"
        f"        WHERE {column} IS NULL AND ctid >= format('(%s,0)', page)::tid\n"
        f"          AND ctid < format('(%s,0)', page + {BACKFILL_PAGES})::tid;\n"
        "        COMMIT;\n"
        f"        page := page + {BACKFILL_PAGES};\n"
        "    END LOOP;\n"
        "END $$"
    )
    rest = f"UPDATE {table} SET {column} = {value} WHERE {column} IS NULL"
    return Phase("fill the column in steps that commit", (steps, rest), transactional=False)


def set_not_null(column: SchemaObject, run: Run) -> tuple[Phase, ...]:
    """Set NOT NULL with the scan outside of the strong lock.

    Source: PostgreSQL manual, "ALTER TABLE": a valid CHECK that no NULL is there saves SET NOT
    NULL its scan; since 18 a NOT NULL itself can be NOT VALID and be validated later.
    """
    table, name = column.parent, part(column)
    alter = f"ALTER TABLE {table}"
    if run.snapshot is not None and run.snapshot.server_version >= NOT_NULL_NOT_VALID:
        added = constraint_name(table, name, "not_null")
        return (
            Phase(
                "add the NOT NULL for new rows",
                (f"{alter} ADD CONSTRAINT {added} NOT NULL {name} NOT VALID",),
                (f"{alter} ALTER COLUMN {name} DROP NOT NULL",),
            ),
            Phase("check the old rows", (f"{alter} VALIDATE CONSTRAINT {added}",)),
        )
    check = constraint_name(table, name, "not_null_check")
    return (
        Phase(
            "add a check for new rows",
            (f"{alter} ADD CONSTRAINT {check} CHECK ({name} IS NOT NULL) NOT VALID",),
            (f"{alter} DROP CONSTRAINT {check}",),
        ),
        Phase("check the old rows", (f"{alter} VALIDATE CONSTRAINT {check}",)),
        Phase(
            "set NOT NULL by the check",
            (f"{alter} ALTER COLUMN {name} SET NOT NULL", f"{alter} DROP CONSTRAINT {check}"),
            (f"{alter} ALTER COLUMN {name} DROP NOT NULL",),
        ),
    )


def constraint_name(table: str, column: str, label: str) -> str:
    """Return the name that the engine would give a constraint, quoted where it must be."""
    return object_name(parts(table)[-1], column, label)
