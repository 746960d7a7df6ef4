"""What a change of the schema is to models: edits in words that every ORM has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from dbspecialist.advisors.sequences.lookup import columns_of
from dbspecialist.engines.postgresql.index_definition import index_parts
from dbspecialist.facts.catalogue import Catalogue, Difference, SchemaObject
from dbspecialist.facts.model_edit import (
    AddCheck,
    AddColumn,
    AddForeignKey,
    AddIndex,
    AddUnique,
    ChangeColumn,
    ColumnModel,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    ForeignKeyModel,
    ModelEdit,
)
from dbspecialist.facts.names import bare, parts


def model_edits(
    changed: Sequence[Difference], after: Catalogue, lasting: Collection[str]
) -> tuple[ModelEdit, ...]:
    """Return the edits of models that a change of the schema asks for.

    Args:
        changed: What differs.
        after: The schema afterwards.
        lasting: Names of tables and columns that the change leaves behind: no model has them.
    """
    new_tables = {item.object.name for item in changed if _is_new(item, "table")}
    gone_tables = {item.object.name for item in changed if item.after is None}
    found: list[ModelEdit] = []
    for item in changed:
        told, name = item.object, item.object.name
        if name in lasting or told.parent in lasting or told.parent in gone_tables:
            continue
        if told.kind == "table":
            found += _table(item, after)
        elif told.parent not in new_tables:
            found += _part(item, after, gone=_gone_columns(changed, told.parent))
    return tuple(sorted(found, key=_order))


def _is_new(item: Difference, kind: str) -> bool:
    return item.before is None and item.object.kind == kind


def _order(edit: ModelEdit) -> int:
    """Tables come first, then columns, then what is made of these."""
    kinds = (CreateTable, DropConstraint, DropIndex, AddColumn, ChangeColumn, DropColumn)
    return next((n for n, kind in enumerate(kinds) if isinstance(edit, kind)), len(kinds))


def _gone_columns(changed: Iterable[Difference], table: str) -> frozenset[str]:
    return frozenset(
        _own(item.object)
        for item in changed
        if item.after is None and item.object.kind == "column" and item.object.parent == table
    )


def _table(item: Difference, after: Catalogue) -> Iterator[ModelEdit]:
    table = item.object.name
    if item.after is None:
        yield DropTable(table)
    elif item.before is None:
        columns = tuple(_column(column, after) for column in after.parts_of(table, "column"))
        constraints = list(after.parts_of(table, "constraint"))
        keys = [one for one in constraints if one.attributes["type"] == "primary key"]
        references = [one for one in constraints if one.attributes["type"] == "foreign key"]
        key = tuple(map(bare, columns_of(keys[0]))) if keys else ()
        yield CreateTable(table, columns, key, tuple(map(_reference, references)))
        for part in after.parts_of(table, "constraint", "index"):
            yield from _added(part)


def _part(item: Difference, after: Catalogue, gone: frozenset[str]) -> Iterator[ModelEdit]:
    if item.object.kind == "column":
        yield from _changed_column(item, after)
    elif item.after is None:
        yield from _dropped(item.object, gone)
    elif item.before is None and item.after.attributes.get("type") != "primary key":
        yield from _added(item.after)
        if item.after.attributes.get("type") == "foreign key":
            yield AddForeignKey(item.after.parent, _reference(item.after))


def _changed_column(item: Difference, after: Catalogue) -> Iterator[ModelEdit]:
    table, name = item.object.parent, bare(_own(item.object))
    if item.after is None:
        yield DropColumn(table, name)
    elif item.before is None:
        yield AddColumn(table, _column(item.after, after))
    else:
        told, changed = item.after.attributes, set(item.changed)
        if changed & {"type", "not_null", "default"}:
            yield ChangeColumn(
                table,
                name,
                type=told["type"] if "type" in changed else None,
                nullable=told["not_null"] == "false" if "not_null" in changed else None,
                default=told.get("default", "") if "default" in changed else None,
                labels=_labels(told["type"], after),
            )


def _added(item: SchemaObject) -> Iterator[ModelEdit]:
    """Yield the edit for a new index, UNIQUE or CHECK; foreign keys of new tables stand in them."""
    name, kind = bare(parts(item.name)[-1]), item.attributes.get("type")
    if item.kind == "index" and "constraint" not in item.attributes:
        made = index_parts(item)
        method = "" if made.method == "btree" else made.method
        predicate = made.predicate
        yield AddIndex(item.parent, name, made.keys, made.unique, method, predicate)
    elif kind == "unique":
        yield AddUnique(item.parent, name, tuple(map(bare, columns_of(item))))
    elif kind == "check":
        yield AddCheck(item.parent, name, item.attributes["expression"])


def _dropped(item: SchemaObject, gone: frozenset[str]) -> Iterator[ModelEdit]:
    """Yield the edit for an index or constraint that goes, unless a column takes it along."""
    name, kind = bare(parts(item.name)[-1]), item.attributes.get("type")
    if item.kind == "index" and "constraint" not in item.attributes:
        columns = tuple(filter(None, index_parts(item).columns))
        if not gone & set(columns):
            yield DropIndex(item.parent, name, tuple(map(bare, columns)))
    elif kind in ("unique", "check", "foreign key") and not gone & set(columns_of(item)):
        yield DropConstraint(item.parent, name, kind, tuple(map(bare, columns_of(item))))


def _own(item: SchemaObject) -> str:
    return item.name.removeprefix(f"{item.parent}.")


def _column(item: SchemaObject, after: Catalogue) -> ColumnModel:
    told = item.attributes
    return ColumnModel(
        bare(_own(item)),
        told["type"],
        nullable=told["not_null"] == "false",
        default=told.get("default", ""),
        identity=told.get("identity", ""),
        labels=_labels(told["type"], after),
    )


def _labels(kind: str, after: Catalogue) -> tuple[str, ...]:
    enum = after.get("enum", kind)
    if enum is None:
        return ()
    return tuple(
        item.strip()[1:-1].replace("''", "'") for item in enum.attributes["labels"].split(", ")
    )


def _reference(item: SchemaObject) -> ForeignKeyModel:
    told = item.attributes
    on_delete, on_update = (
        "" if told.get(name, "no action") == "no action" else told[name]
        for name in ("on_delete", "on_update")
    )
    return ForeignKeyModel(
        bare(parts(item.name)[-1]),
        tuple(map(bare, columns_of(item))),
        told["referenced"],
        tuple(map(bare, told["referenced_columns"].split(", "))),
        on_delete,
        on_update,
    )
