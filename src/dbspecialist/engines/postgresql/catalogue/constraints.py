"""Constraints of tables and domains, each with the ALTER that adds it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from dbspecialist.engines.postgresql.catalogue.reader import (
    PG_CLASS,
    PG_CONSTRAINT,
    Entry,
    Phase,
    Reader,
    known,
    options_text,
    statements,
)
from dbspecialist.facts.catalogue import SchemaObject

TYPES = {
    "p": "primary key",
    "u": "unique",
    "f": "foreign key",
    "c": "check",
    "x": "exclude",
    "n": "not null",
}
ACTIONS = {"a": "no action", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}
PHASES = {"c": Phase.CHECK, "n": Phase.CHECK, "f": Phase.FOREIGN_KEY}


def read_constraints(reader: Reader) -> dict[int, list[Any]]:
    """Read the constraints of tables and domains, by these; constraint triggers are triggers."""
    enforced = reader.since(18, "c.conenforced", "true")
    return reader.by_relation(
        f"""
        select c.oid, c.contype as type, c.conrelid as relation, c.contypid as domain,
               c.conindid as index, c.conparentid as parent, c.conname,
               quote_ident(c.conname) as name, c.conkey::int2[] as numbers,
               pg_get_constraintdef(c.oid) as definition, c.confrelid as referenced,
               c.confkey::int2[] as referenced_numbers, c.condeferrable as deferrable,
               c.condeferred as deferred, c.convalidated as valid, {enforced} as enforced,
               c.conislocal as is_local, c.coninhcount as inherited, c.connoinherit as no_inherit,
               c.confdeltype as on_delete, c.confupdtype as on_update,
               pg_get_expr(c.conbin, c.conrelid) as expression
        from pg_constraint c
        where c.connamespace = any({{schemas}}) and c.contype in ('p', 'u', 'f', 'c', 'x', 'n')
          {{changed}}
        order by c.conrelid, c.contypid, c.conname""",
        "greatest(c.conrelid, c.contypid)",
    )


def not_null_constraints(found: dict[int, list[Any]]) -> dict[tuple[int, int], Any]:
    """Pick the NOT NULL constraints (18), by relation and column number."""
    return {
        (row.relation, row.numbers[0]): row
        for rows in found.values()
        for row in rows
        if row.type == "n" and row.numbers
    }


def is_plain_not_null(reader: Reader, row: Any, column: str) -> bool:
    """Whether NOT NULL on the column says all that the constraint says."""
    default = f"{reader.relations[row.relation].relname}_{column}_not_null"
    return bool(row.valid and not row.no_inherit and row.conname == default)


def table_constraints(
    reader: Reader,
    found: dict[int, list[Any]],
    columns: dict[int, list[Any]],
    indexes: dict[int, Any],
) -> Iterator[Entry]:
    """Yield the constraints of tables, without the clones that partitions get of themselves."""
    for relation, rows in found.items():
        if relation in reader.relations:
            yield from reader.kept(
                "constraints",
                relation,
                None,
                partial(constraints_of, reader, rows, columns, indexes),
            )


def constraints_of(
    reader: Reader, rows: list[Any], columns: dict[int, list[Any]], indexes: dict[int, Any]
) -> Iterator[Entry]:
    """Yield the constraints of one table."""
    names = {column.number: column.attname for column in columns[rows[0].relation]}
    for row in rows:
        if row.type == "f" and row.parent:
            continue
        if row.type == "n" and is_plain_not_null(reader, row, names[row.numbers[0]]):
            continue
        index = indexes.get(row.index) if row.type in "pux" else None
        yield constraint_entry(reader, row, columns, index)


def constraint_entry(reader: Reader, row: Any, columns: dict[int, list[Any]], index: Any) -> Entry:
    """Tell one constraint of a table."""
    relation, has_index = reader.name_of(row.relation), row.type in "pux"
    name = f"{relation}.{row.name}"
    attributes = (
        {"type": TYPES[row.type], "definition": row.definition}
        | known(
            columns=column_names(columns, row.relation, row.numbers),
            expression=row.expression,
            valid="false" if not row.valid else None,
            enforced="false" if not row.enforced else None,
            deferrable=("deferred" if row.deferred else "immediate") if row.deferrable else None,
            inherited="true" if row.inherited and not row.is_local else None,
            index=index_name(reader, index) if index else None,
        )
        | (foreign_key(reader, row, columns) if row.type == "f" else {})
    )
    return Entry(
        (PG_CONSTRAINT, row.oid, 0),
        PHASES.get(row.type, Phase.KEY),
        SchemaObject("constraint", name, relation, attributes, adding(reader, row, index)),
        target=f"CONSTRAINT {row.name} ON {relation}",
        aliases=((PG_CLASS, row.index, 0),) if has_index else (),
    )


def foreign_key(reader: Reader, row: Any, columns: dict[int, list[Any]]) -> dict[str, str]:
    """Tell what a foreign key refers to and what it does there."""
    if row.referenced not in reader.relations:
        return {}
    return {
        "referenced": reader.name_of(row.referenced),
        "referenced_columns": column_names(columns, row.referenced, row.referenced_numbers),
        "on_delete": ACTIONS[row.on_delete],
        "on_update": ACTIONS[row.on_update],
    }


def column_names(columns: dict[int, list[Any]], relation: int, numbers: list[int] | None) -> str:
    """Name columns by their numbers, in the order given, parted by commas."""
    names = {column.number: column.name for column in columns.get(relation, [])}
    return ", ".join(names[number] for number in numbers or () if number in names)


def index_name(reader: Reader, index: Any) -> str:
    """The schema-qualified name of an index row."""
    return reader.qualified(index.schema, index.part)


def adding(reader: Reader, row: Any, index: Any) -> str:
    """Write the statements that add the constraint, "" where other SQL brings it along."""
    table = reader.relations[row.relation]
    relation, is_partition = reader.name_of(row.relation), table.is_partition
    if row.type == "n" and row.valid:
        return ""
    if row.type in "cn" and row.inherited and not row.is_local and not is_partition:
        return ""
    only = "ONLY " if adds_to_one_table(row, table.kind) else ""
    foreign = "FOREIGN " if table.kind == "f" else ""
    add = f"ALTER {foreign}TABLE {only}{relation} ADD CONSTRAINT {row.name} {row.definition}"
    return statements(add, *index_settings(reader, relation, index)) if index else add


def adds_to_one_table(row: Any, kind: str) -> bool:
    """Whether ONLY belongs before the table: keys always, foreign keys where no partitions are."""
    return row.type in "pux" or (row.type == "f" and kind != "p") or row.no_inherit


def index_settings(reader: Reader, relation: str, index: Any) -> Iterator[str]:
    """Write what an index is besides its definition: attached, clustered on, replica identity."""
    name = index_name(reader, index)
    for parent in reader.parents.get(index.oid, ()):
        parent_name = reader.index_names.get(parent)
        if parent_name:
            yield f"ALTER INDEX {parent_name} ATTACH PARTITION {name}"
    if index.constraint and index.options:
        yield f"ALTER INDEX {name} SET ({options_text(index.options)})"
    for number, target in zip(index.target_numbers or (), index.targets or (), strict=True):
        yield f"ALTER INDEX {name} ALTER COLUMN {number} SET STATISTICS {target}"
    if index.clustered:
        yield f"ALTER TABLE {relation} CLUSTER ON {index.part}"
    if index.replica_identity:
        yield f"ALTER TABLE ONLY {relation} REPLICA IDENTITY USING INDEX {index.part}"
    if not index.valid and index.kind == "i":
        yield (
            "UPDATE pg_catalog.pg_index SET indisvalid = false "
            f"WHERE indexrelid = {name_literal(name)}::pg_catalog.regclass"
        )


def name_literal(name: str) -> str:
    """Quote a name as the text that regclass reads."""
    return "'" + name.replace("'", "''") + "'"


def domain_constraints(found: dict[int, list[Any]], domains: dict[int, str]) -> Iterator[Entry]:
    """Yield the constraints of domains."""
    for row in (row for key, rows in found.items() if key in domains for row in rows):
        if row.type == "n":
            continue
        domain = domains[row.domain]
        attributes = {"type": TYPES[row.type], "definition": row.definition} | known(
            valid="false" if not row.valid else None
        )
        create = f"ALTER DOMAIN {domain} ADD CONSTRAINT {row.name} {row.definition}"
        yield Entry(
            (PG_CONSTRAINT, row.oid, 0),
            Phase.TYPE,
            SchemaObject("domain constraint", f"{domain}.{row.name}", domain, attributes, create),
            target=f"CONSTRAINT {row.name} ON DOMAIN {domain}",
        )
