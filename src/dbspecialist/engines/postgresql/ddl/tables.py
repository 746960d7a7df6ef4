"""Tables and foreign tables besides their columns, and partitions (manual, "ALTER TABLE")."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.engines.postgresql.ddl.context import Context
from dbspecialist.engines.postgresql.ddl.options import option_changes
from dbspecialist.engines.postgresql.ddl.sequences import parameters, unusual
from dbspecialist.engines.postgresql.ddl.words import made, owned, plain, target
from dbspecialist.facts.catalogue import Catalogue, Difference, SchemaObject

#: What only a new table can have.
_FIXED = ("partition_key", "server")

#: The default access method, which CREATE TABLE need not say.
_HEAP = "\nUSING heap"


def create(item: SchemaObject, catalogue: Catalogue) -> Iterator[str]:
    """Create a table with its columns; sequences get their columns in statements of their own."""
    for text in made(item):
        if text.startswith("ALTER SEQUENCE "):
            continue
        if text.startswith("CREATE "):
            yield shortened(item, catalogue, text.replace(_HEAP, "", 1))
        else:
            yield plain(catalogue, item.name, text)


def shortened(item: SchemaObject, catalogue: Catalogue, text: str) -> str:
    """Leave out what identity columns have by themselves."""
    for sequence in catalogue.of_kind("sequence"):
        have = sequence.attributes
        if sequence.parent == item.name and have.get("identity"):
            full = f" (SEQUENCE NAME {sequence.name} {parameters(have)})"
            relation, _, column = have["owned_by"].rpartition(".")
            usual = re.sub(r'"', "", f"{relation}_{column}_seq") == sequence.name
            clauses = ([] if usual else [f"SEQUENCE NAME {sequence.name}"]) + [*unusual(have)]
            text = text.replace(full, f" ({' '.join(clauses)})" if clauses else "", 1)
    return text


def alter(change: Difference, context: Context) -> list[str] | None:
    """Change a table in place, or return nothing where it has to be made anew."""
    assert change.before is not None and change.after is not None
    if any(name in change.changed for name in _FIXED):
        return None
    return [
        plain(context.after.catalogue, change.after.name, text) for text in table_changes(change)
    ]


def table_changes(change: Difference) -> Iterator[str]:
    """Yield the changes of a table, one statement each."""
    assert change.before is not None and change.after is not None
    item, was, now = change.after, change.before.attributes, change.after.attributes
    table = f"ALTER {target(item)}"
    if was.get("persistence") != now.get("persistence"):
        yield f"{table} SET {'UNLOGGED' if now['persistence'] == 'unlogged' else 'LOGGED'}"
    if was.get("method") != now.get("method"):
        yield f"{table} SET ACCESS METHOD {now.get('method', 'DEFAULT')}"
    if was.get("tablespace") != now.get("tablespace"):
        yield f"{table} SET TABLESPACE {now.get('tablespace', 'pg_default')}"
    yield from option_changes(table, was.get("options", ""), now.get("options", ""))
    old, new = was.get("toast_options", ""), now.get("toast_options", "")
    yield from option_changes(table, old, new, prefix="toast.")
    yield from inheritance_changes(change, table)
    if was.get("of_type") != now.get("of_type"):
        yield f"{table} OF {now['of_type']}" if "of_type" in now else f"{table} NOT OF"
    yield from security_changes(change, table)
    if was.get("foreign_options") != now.get("foreign_options"):
        yield from foreign_option_changes(change, table)
    if was.get("owner") != now.get("owner") and "owner" in now:
        yield owned(item)


def inheritance_changes(change: Difference, table: str) -> Iterator[str]:
    """Take a table from under its parents, or put it under others."""
    assert change.before is not None and change.after is not None
    old, new = (
        [name for name in side.attributes.get("inherits", "").split(", ") if name]
        for side in (change.before, change.after)
    )
    yield from (f"{table} NO INHERIT {name}" for name in old if name not in new)
    yield from (f"{table} INHERIT {name}" for name in new if name not in old)


def security_changes(change: Difference, table: str) -> Iterator[str]:
    """Change replica identity and row security."""
    assert change.before is not None and change.after is not None
    was, now = change.before.attributes, change.after.attributes
    identity = now.get("replica_identity")
    if was.get("replica_identity") != identity and identity != "index":
        yield f"{table} REPLICA IDENTITY {(identity or 'default').upper()}"
    if was.get("row_security") != now.get("row_security"):
        yield f"{table} {'ENABLE' if 'row_security' in now else 'DISABLE'} ROW LEVEL SECURITY"
    if was.get("force_row_security") != now.get("force_row_security"):
        word = "FORCE" if "force_row_security" in now else "NO FORCE"
        yield f"{table} {word} ROW LEVEL SECURITY"


def foreign_option_changes(change: Difference, table: str) -> Iterator[str]:
    """Change the options of a foreign table."""
    assert change.before is not None and change.after is not None
    old, new = (
        dict(re.findall(r'"([^"]+)" (E?\'(?:[^\']|\'\')*\')', side.attributes.get(name, "")))
        for side, name in ((change.before, "foreign_options"), (change.after, "foreign_options"))
    )
    parts = [f"DROP {name}" for name in old if name not in new]
    parts += [
        f"{'SET' if name in old else 'ADD'} {name} {value}"
        for name, value in new.items()
        if old.get(name) != value
    ]
    yield f"{table} OPTIONS ({', '.join(parts)})"


def attach(item: SchemaObject, _: Catalogue) -> Iterator[str]:
    """Attach a partition."""
    yield from (text.replace("ALTER TABLE ONLY ", "ALTER TABLE ", 1) for text in made(item))


def detach(item: SchemaObject, _: Catalogue) -> Iterator[str]:
    """Detach a partition."""
    yield f"ALTER TABLE {item.parent} DETACH PARTITION {item.name}"
