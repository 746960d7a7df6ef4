"""Views, materialised views and rewrite rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dbspecialist.engines.postgresql.catalogue.columns import column_entry, column_settings
from dbspecialist.engines.postgresql.catalogue.constraints import name_literal
from dbspecialist.engines.postgresql.catalogue.reader import (
    PG_CLASS,
    PG_REWRITE,
    Entry,
    Phase,
    Reader,
    known,
    options_text,
    statements,
)
from dbspecialist.facts.catalogue import SchemaObject

ENABLED = {"D": "disabled", "R": "replica", "A": "always"}
ENABLING = {"D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}


def view_entries(reader: Reader, columns: dict[int, list[Any]]) -> Iterator[Entry]:
    """Yield views and materialised views with their columns."""
    for row in reader.relations.values():
        if row.kind in "vm":
            yield view_entry(reader, row, columns.get(row.oid, []))


def view_entry(reader: Reader, row: Any, columns: list[Any]) -> Entry:
    """Tell one view."""
    name, kind = reader.name_of(row.oid), "view" if row.kind == "v" else "materialized view"
    attributes = {"definition": row.query} | known(
        owner=row.owner,
        options=options_text(row.options),
        method=row.method,
        tablespace=row.tablespace,
        populated="false" if not row.populated else None,
    )
    create = view_sql(row, name) if row.kind == "v" else materialized_sql(row, name)
    settings = [text for column in columns for text in settings_of(row, name, column)]
    owner = f"ALTER {kind.upper()} {name} OWNER TO {row.owner}"
    return Entry(
        (PG_CLASS, row.oid, 0),
        Phase.VIEW,
        SchemaObject(kind, name, "", attributes, statements(create, *settings, owner)),
        target=f"{kind.upper()} {name}",
        acl=row.acl,
        default_acl=row.default_acl,
        parts=tuple(
            column_entry(name, position, column, "false")
            for position, column in enumerate(columns, 1)
        ),
    )


def settings_of(row: Any, name: str, column: Any) -> Iterator[str]:
    """Write what ALTER must say of a view's column."""
    if row.kind == "m":
        yield from column_settings(name, column)
    elif column.expression:
        yield f"ALTER VIEW {name} ALTER COLUMN {column.name} SET DEFAULT {column.expression}"


def view_sql(row: Any, name: str) -> str:
    """Write CREATE VIEW; the check option is among the options."""
    options = f" WITH ({options_text(row.options)})" if row.options else ""
    return f"CREATE VIEW {name}{options} AS\n{row.query.rstrip(';')}"


def materialized_sql(row: Any, name: str) -> str:
    """Write CREATE MATERIALIZED VIEW without running its query.

    A populated one is marked so in pg_class: that is what reading and REFRESH look at.
    """
    options = f" WITH ({options_text(row.options)})" if row.options else ""
    create = (
        f"CREATE MATERIALIZED VIEW {name} USING {row.method}{options} AS\n"
        f"{row.query.rstrip(';')}\nWITH NO DATA"
    )
    mark = (
        "UPDATE pg_catalog.pg_class SET relispopulated = true "
        f"WHERE oid = {name_literal(name)}::pg_catalog.regclass"
    )
    return statements(create, mark if row.populated else "")


def rule_entries(reader: Reader) -> Iterator[Entry]:
    """Yield rewrite rules other than those that make a view a view."""
    for row in reader.rows(
        """
        select r.oid, r.ev_class as relation, quote_ident(r.rulename) as name,
               pg_get_ruledef(r.oid) as definition, r.ev_enabled as enabled
        from pg_rewrite r join pg_class c on c.oid = r.ev_class
        where c.relnamespace = any({schemas}) and r.rulename <> '_RETURN'""",
        same="none",
    ):
        if row.relation not in reader.relations:
            continue
        relation = reader.name_of(row.relation)
        enabled = ENABLING.get(row.enabled)
        create = statements(
            row.definition.rstrip(";"),
            f"ALTER TABLE {relation} {enabled} RULE {row.name}" if enabled else "",
        )
        attributes = {"definition": row.definition} | known(enabled=ENABLED.get(row.enabled))
        item = SchemaObject("rule", f"{relation}.{row.name}", relation, attributes, create)
        target = f"RULE {row.name} ON {relation}"
        yield Entry((PG_REWRITE, row.oid, 0), Phase.RULE, item, target)
