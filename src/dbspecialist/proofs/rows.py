"""Fingerprints of a twin's rows, and what two of them do not have alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.migration import VERSION_TABLES

Hashes = tuple[int | None, ...]
#: Tables asked for in one statement.
TABLES_A_QUERY = 40
#: What the text of values depends on (PostgreSQL manual, "Client Connection Defaults").
SETTINGS = (
    "SET LOCAL datestyle = 'ISO'; SET LOCAL timezone = 'UTC'; SET LOCAL search_path = '';"
    # The planner takes a twin's tables for large; starting workers takes longer than the reading.
    " SET LOCAL max_parallel_workers_per_gather = 0"
)


@dataclass(frozen=True)
class RowsFingerprint:
    """The hashes of a table's values: `rows` in no order of the engine, NULL as nothing."""

    columns: tuple[str, ...]
    rows: tuple[Hashes, ...]

    @property
    def count(self) -> int:
        """The number of rows."""
        return len(self.rows)

    def column(self, name: str) -> Counter[int | None]:
        """Return how often each hash stands in a column."""
        at = self.columns.index(name)
        return Counter(row[at] for row in self.rows)


Fingerprints = Mapping[str, RowsFingerprint]


def fingerprint(connection: psycopg.Connection[Any], catalogue: Catalogue) -> Fingerprints:
    """Hash every value of every table in its text form (`hashtextextended`).

    Toolchains' version tables are left out: what they hold is not the application's.

    Args:
        catalogue: The database's own, just read.
    """
    columns = _columns(catalogue)
    names = list(columns)
    found: dict[str, RowsFingerprint] = {}
    # No ROLLBACK, after which psycopg would forget the statements that it prepared.
    with connection.transaction():
        connection.execute(SETTINGS)
        for start in range(0, len(names), TABLES_A_QUERY):
            part = names[start : start + TABLES_A_QUERY]
            for number, count, values in connection.execute(_query(part, columns)):
                rows = [tuple(row) for row in values or [()] * count]
                rows.sort(key=lambda row: [(item is None, item or 0) for item in row])
                found[part[number]] = RowsFingerprint(columns[part[number]], tuple(rows))
    return found


def compare_rows(before: Fingerprints, after: Fingerprints) -> tuple[str, ...]:
    """Say what rows and values of before are not there after; columns are matched by name."""
    return tuple(loss.text for loss in losses(before, after))


@dataclass(frozen=True, slots=True)
class Loss:
    """One difference: `column` is "" where whole rows are concerned."""

    relation: str
    column: str
    text: str


def losses(before: Fingerprints, after: Fingerprints) -> tuple[Loss, ...]:
    """List what rows and values of before are not there after."""
    return tuple(
        loss for name, old in before.items() for loss in _of_table(name, old, after.get(name))
    )


def _of_table(name: str, old: RowsFingerprint, new: RowsFingerprint | None) -> Iterator[Loss]:
    if new is None:
        if old.count:
            yield Loss(name, "", f"{name} is gone with its {old.count} rows")
        return
    if new.count != old.count:
        yield Loss(name, "", f"{name} holds {new.count} rows and held {old.count}")
    for column in old.columns:
        if column not in new.columns and old.count:
            yield Loss(name, column, f"{name} lost column {column} with {old.count} values")
    if new.count == old.count:
        yield from _of_values(name, old, new)


def _of_values(name: str, old: RowsFingerprint, new: RowsFingerprint) -> Iterator[Loss]:
    """Compare the rows that are not the same in all columns that both have."""
    common = [column for column in old.columns if column in new.columns]
    had, has = Counter(_project(old, common)), Counter(_project(new, common))
    missing, added = list((had - has).elements()), list((has - had).elements())
    changed = False
    for at, column in enumerate(common):
        gone = Counter(row[at] for row in missing) - Counter(row[at] for row in added)
        came = Counter(row[at] for row in added) - Counter(row[at] for row in missing)
        if not gone:
            continue
        changed = True
        end = ", which is NULL now" if set(came) == {None} else ""
        yield Loss(
            name,
            column,
            f"{name} lost the values of column {column} in {gone.total()} of {old.count} rows{end}",
        )
    if missing and not changed:
        yield Loss(name, "", f"{name} has the values of {len(missing)} rows in other rows")


def _project(table: RowsFingerprint, columns: Sequence[str]) -> list[Hashes]:
    places = [table.columns.index(column) for column in columns]
    return [tuple(row[at] for at in places) for row in table.rows]


def _columns(catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    """Return the columns of all tables that hold rows, sorted: their order is no difference.

    Virtual columns are left out: nothing is stored in them, and computing them can fail.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for item in catalogue.of_kind("column"):
        if item.attributes.get("generated") != "virtual":
            found[item.parent].append(item.name.removeprefix(f"{item.parent}."))
    return {
        table.name: tuple(sorted(found[table.name]))
        for table in catalogue.of_kind("table")
        if "partition_key" not in table.attributes and not is_version_table(table.name)
    }


def is_version_table(name: str) -> bool:
    """Tell whether a schema-qualified name is that of a toolchain's version table."""
    return name.rpartition(".")[2].strip('"') in VERSION_TABLES


def _query(names: Sequence[str], columns: Mapping[str, tuple[str, ...]]) -> bytes:
    parts = []
    for number, name in enumerate(names):
        hashed = ", ".join(f"hashtextextended(t.{item}::text, 0)" for item in columns[name])
        values = f"array_agg(ARRAY[{hashed}])" if hashed else "NULL"
        parts.append(f"SELECT {number}, count(*), {values}::bigint[] FROM ONLY {name} AS t")
    return " UNION ALL ".join(parts).encode()
