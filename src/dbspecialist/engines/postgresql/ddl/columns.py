"""Columns: added, dropped and changed in place (manual, "ALTER TABLE" and "ALTER TYPE")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbspecialist.engines.postgresql.ddl.context import Context
from dbspecialist.engines.postgresql.ddl.options import option_changes
from dbspecialist.engines.postgresql.ddl.sequences import parameters
from dbspecialist.engines.postgresql.ddl.words import part
from dbspecialist.facts.catalogue import Catalogue, Difference, SchemaObject

#: What every type has unless the column says otherwise.
_DEFAULT_COLLATION = 'pg_catalog."default"'


def create(item: SchemaObject, catalogue: Catalogue) -> Iterator[str]:
    """Add a column to a table that is there, or an attribute to a composite type."""
    if catalogue.get("composite type", item.parent):
        collation = item.attributes.get("collation")
        suffix = f" COLLATE {collation}" if collation else ""
        kind = item.attributes["type"]
        yield f"ALTER TYPE {item.parent} ADD ATTRIBUTE {part(item)} {kind}{suffix}"
        return
    yield f"ALTER TABLE {item.parent} ADD COLUMN {clause(item, catalogue)}"
    yield from settings(item)


def clause(item: SchemaObject, catalogue: Catalogue) -> str:
    """Write a column as ADD COLUMN has it."""
    have = item.attributes
    words = [part(item), have["type"]]
    if "foreign_options" in have:
        words.append(have["foreign_options"])
    if "collation" in have:
        words.append(f"COLLATE {have['collation']}")
    if "identity" in have:
        words.append(identity(item, catalogue))
    elif "generated" in have:
        words.append(f"GENERATED ALWAYS AS ({have['expression']}) {have['generated'].upper()}")
    elif "default" in have:
        words.append(f"DEFAULT {have['default']}")
    if have["not_null"] == "true":
        named = not_null_name(item, catalogue)
        words.append(f"CONSTRAINT {named} NOT NULL" if named else "NOT NULL")
    return " ".join(words)


def not_null_name(item: SchemaObject, catalogue: Catalogue) -> str:
    """Return the name of a column's NOT NULL where it is not the engine's own (18), else ""."""
    for other in catalogue.parts_of(item.parent, "constraint"):
        if other.attributes["type"] == "not null" and other.attributes["columns"] == part(item):
            return part(other) if "valid" not in other.attributes else ""
    return ""


def identity(item: SchemaObject, catalogue: Catalogue) -> str:
    """Write GENERATED … AS IDENTITY with the sequence's name and options."""
    kind = item.attributes["identity"].upper()
    for sequence in catalogue.of_kind("sequence"):
        have = sequence.attributes
        if have.get("identity") and have.get("owned_by") == item.name:
            inside = f"SEQUENCE NAME {sequence.name} {parameters(have)}"
            return f"GENERATED {kind} AS IDENTITY ({inside})"
    return f"GENERATED {kind} AS IDENTITY"


def settings(item: SchemaObject) -> Iterator[str]:
    """Write what ADD COLUMN cannot say."""
    have, alter = item.attributes, altering(item)
    if "storage" in have:
        yield f"{alter} SET STORAGE {have['storage'].upper()}"
    if "compression" in have:
        yield f"{alter} SET COMPRESSION {have['compression']}"
    if "statistics" in have:
        yield f"{alter} SET STATISTICS {have['statistics']}"
    if "options" in have:
        yield f"{alter} SET ({have['options']})"


def altering(item: SchemaObject) -> str:
    """Write the beginning of a change in place."""
    return f"ALTER TABLE {item.parent} ALTER COLUMN {part(item)}"


def drop(item: SchemaObject, catalogue: Catalogue) -> Iterator[str]:
    """Drop a column or an attribute."""
    if catalogue.get("composite type", item.parent):
        yield f"ALTER TYPE {item.parent} DROP ATTRIBUTE {part(item)}"
    else:
        yield f"ALTER TABLE {item.parent} DROP COLUMN {part(item)}"


def alter(change: Difference, context: Context) -> list[str] | None:
    """Change a column in place, or return nothing where it has to be made anew."""
    assert change.before is not None and change.after is not None
    old, new = change.before.attributes, change.after.attributes
    catalogue = context.after.catalogue
    if catalogue.get("composite type", change.after.parent):
        return list(attribute_changes(change.after, new))
    if is_made_anew(old, new, context.version):
        return None
    return [*value_changes(change.before, change.after, context), *rest_changes(change)]


def attribute_changes(item: SchemaObject, new: Mapping[str, str]) -> Iterator[str]:
    """Change the type of an attribute of a composite type."""
    collation = f" COLLATE {new['collation']}" if "collation" in new else ""
    yield f"ALTER TYPE {item.parent} ALTER ATTRIBUTE {part(item)} TYPE {new['type']}{collation}"


def is_made_anew(old: Mapping[str, str], new: Mapping[str, str], version: int) -> bool:
    """Whether a column begins or ceases to be computed in a way that ALTER does not know.

    SET EXPRESSION is there since PostgreSQL 17.
    """
    before, after = old.get("generated"), new.get("generated")
    if before == after:
        changed = old.get("expression") != new.get("expression")
        return before is not None and changed and version < 170_000
    return not (before == "stored" and after is None)


def value_changes(old: SchemaObject, new: SchemaObject, context: Context) -> Iterator[str]:
    """Change how values are stored and where they come from: type, default, identity, NOT NULL."""
    was, now = old.attributes, new.attributes
    alter = altering(new)
    retyped = is_retyped(old, new, context)
    if "generated" in was and "generated" not in now:
        yield f"{alter} DROP EXPRESSION"
    reset = "default" in was and (
        (retyped and needs_reset(old, new, context)) or "default" not in now
    )
    if reset:
        yield f"{alter} DROP DEFAULT"
    if retyped:
        yield retyping(old, new, context)
    if was["not_null"] != "true" and now["not_null"] == "true":
        yield from setting_not_null(new, context.after.catalogue)
    if "default" in now and (reset or was.get("default") != now["default"]):
        yield f"{alter} SET DEFAULT {now['default']}"
    if "generated" in now and was.get("expression") != now["expression"]:
        yield f"{alter} SET EXPRESSION AS ({now['expression']})"
    yield from identity_changes(old, new, context)
    if was["not_null"] != "false" and now["not_null"] == "false":
        yield f"{alter} DROP NOT NULL"


def needs_reset(old: SchemaObject, new: SchemaObject, context: Context) -> bool:
    """Whether a default has to be taken off for a change of type: where its length is not all."""
    was, now = (side.attributes["type"].partition("(")[0] for side in (old, new))
    return was != now or of_replaced_type(new, context)


def setting_not_null(item: SchemaObject, catalogue: Catalogue) -> Iterator[str]:
    """Write SET NOT NULL, or the constraint where it has a name of its own."""
    named = not_null_name(item, catalogue)
    if not named:
        yield f"{altering(item)} SET NOT NULL"
    elif catalogue.get("constraint", f"{item.parent}.{named}") is None:
        yield f"ALTER TABLE {item.parent} ADD CONSTRAINT {named} NOT NULL {part(item)}"


def loses_identity(old: SchemaObject, new: SchemaObject) -> bool:
    """Whether a column ceases to be an identity, which takes its sequence along."""
    return "identity" in old.attributes and "identity" not in new.attributes


def identity_changes(old: SchemaObject, new: SchemaObject, context: Context) -> Iterator[str]:
    """Add an identity or change its kind."""
    was, now = old.attributes.get("identity"), new.attributes.get("identity")
    if was is None and now is not None:
        yield f"{altering(new)} ADD {identity(new, context.after.catalogue)}"
    elif now is not None and was != now:
        yield f"{altering(new)} SET GENERATED {now.upper()}"


def is_retyped(old: SchemaObject, new: SchemaObject, context: Context) -> bool:
    """Whether values are converted: another type or collation, or a type that is made anew."""
    was, now = old.attributes, new.attributes
    return (
        was["type"] != now["type"]
        or was.get("collation") != now.get("collation")
        or of_replaced_type(new, context)
    )


def of_replaced_type(item: SchemaObject, context: Context) -> bool:
    """Whether a column's type is made anew, so that it stays under its old name for a while."""
    plain = item.attributes["type"].removesuffix("[]").partition("(")[0]
    return any(name == plain for _, name in context.replaced)


def retyping(old: SchemaObject, new: SchemaObject, context: Context) -> str:
    """Write ALTER COLUMN … TYPE with the conversion that the engine needs."""
    was, now = old.attributes, new.attributes
    collation = now.get("collation")
    if collation is None and "collation" in was:
        collation = _DEFAULT_COLLATION
    suffix = f" COLLATE {collation}" if collation else ""
    using = conversion(was["type"], now["type"], of_replaced_type(new, context), context)
    expression = f" USING {using.format(part(new))}" if using else ""
    return f"{altering(new)} TYPE {now['type']}{suffix}{expression}"


def conversion(old: str, new: str, replaced: bool, context: Context) -> str:
    """Return the USING expression with `{}` for the column, or ""."""
    if replaced:
        middle = "text[]" if new.endswith("[]") else "text"
        return f"{{}}::{middle}::{new}"
    return "" if old == new else context.conversion(old, new)


def rest_changes(change: Difference) -> Iterator[str]:
    """Change what does not concern values: storage, compression, statistics, options."""
    assert change.before is not None and change.after is not None
    was, now = change.before.attributes, change.after.attributes
    alter = altering(change.after)
    if was.get("storage") != now.get("storage"):
        yield f"{alter} SET STORAGE {now.get('storage', 'default').upper()}"
    if was.get("compression") != now.get("compression"):
        yield f"{alter} SET COMPRESSION {now.get('compression', 'default')}"
    if was.get("statistics") != now.get("statistics"):
        yield f"{alter} SET STATISTICS {now.get('statistics', '-1')}"
    yield from option_changes(alter, was.get("options", ""), now.get("options", ""))
