"""Lineage: which values of production a column holds when a statement of a run has run.

Statements are followed one by one, by what the engine told of each: a column keeps its origin
through renames of its own and of its table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.effects import ColumnChange, Filling, StatementEffects
from dbspecialist.facts.names import bare, parts

if TYPE_CHECKING:
    from dbspecialist.facts.trial import Trial


@dataclass(frozen=True, slots=True)
class Source:
    """Where the values of a column come from.

    Args:
        origin: Its table's name and its own in production; nothing where the run made it.
        value: The SQL of the one value that all rows hold which were there, or "".
        changed: Whether the run may have changed its values.
    """

    origin: tuple[str, str] | None
    value: str = ""
    changed: bool = False


@dataclass(frozen=True)
class State:
    """What the statements so far have made of production's tables.

    Args:
        columns: Sources of columns that were made or changed, by table and bare name.
        touched: Bare names of columns whose values changed, by table; nothing where any may have.
        names: See `StatementEffects`.
        copies: Sources of the columns of tables that the run made and filled, by table.
    """

    columns: Mapping[tuple[str, str], Source] = field(default_factory=dict)
    touched: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    copies: Mapping[str, Mapping[str, Source]] = field(default_factory=dict)

    def source(self, relation: str, column: str) -> Source:
        """Return where the values of a column come from, by its names of this moment."""
        found = self.columns.get((relation, bare(column)))
        if found is not None:
            return found
        table = self.names.get(relation, relation)
        changed = self._is_touched(relation, column)
        return Source((table, column) if table else None, changed=changed)

    def changes(self, relation: str) -> bool:
        """Tell whether the run changed rows of a table."""
        return relation in self.touched

    def _is_touched(self, relation: str, column: str) -> bool:
        touched = self.touched.get(relation, frozenset())
        return touched is None or bare(column) in touched

    def after(self, trial: Trial, statement: StatementEffects) -> State:
        """Return the state when one more statement has run."""
        state = self._renamed(statement.renames) if statement.renames else self
        standing = {*self._standing_in(statement)}
        if standing & statement.copies.keys():  # its rows come when it has the name already
            state = state._copying(statement)
        for relation in standing:
            state = state._standing_for(relation)
        state = replace(state, names=statement.names)
        for change in statement.columns:
            state = state._with(change, statement)
        for relation, columns in _touches(trial, statement):
            if relation not in standing:
                state = state._touching(relation, columns)
        return state._copying(statement)

    def _standing_in(self, statement: StatementEffects) -> Iterator[str]:
        """Yield names whose new tables stand in for production's from now on: rows may differ."""
        for name, was in self.names.items():
            now = statement.renames.get(name, name)
            if not was and now not in statement.names and f"table {name}" not in statement.drops:
                yield now

    def _renamed(self, renames: Mapping[str, str]) -> State:
        return replace(
            self,
            columns={(renames.get(key[0], key[0]), key[1]): it for key, it in self.columns.items()},
            touched={renames.get(name, name): it for name, it in self.touched.items()},
            copies={renames.get(name, name): it for name, it in self.copies.items()},
        )

    def _copying(self, statement: StatementEffects) -> State:
        """Take note of what fills the tables that the run makes: rows of one table, if any."""
        copies = dict(self.copies)
        for relation in statement.rows_modified.keys() | statement.copies.keys():
            if self.names.get(relation) != "" or statement.columns_set.get(relation):
                continue
            told = statement.copies.get(relation, {})
            copies[relation] = {
                bare(name): self.source(*_split(column))
                for name, column in told.items()
                if column and not copies.get(relation)
            }
        return replace(self, copies=copies)

    def _standing_for(self, relation: str) -> State:
        """Give a table that stands in for production's the sources of what it was filled with."""
        found = self.copies.get(relation, {})
        mine = {(relation, name): source for name, source in found.items()}
        state = self._touching(relation, None)
        return replace(state, columns={**state.columns, **mine})

    def _with(self, change: ColumnChange, statement: StatementEffects) -> State:
        table = (change.after or change.before or _NOTHING).parent
        if self.names.get(table) == "":
            return self  # made by the run: no row of production is in it
        columns, touched = dict(self.columns), dict(self.touched)
        if change.before is not None:
            known = columns.pop((table, _part(change.before)), None)
            is_changed = self._is_touched(table, _part(change.before))
            source = known or Source(change.origin, changed=is_changed)
        else:
            source = Source(None, _literal(change.filling, change.after))
        if change.after is not None:
            columns[table, _part(change.after)] = _cast(source, change, statement)
        return replace(self, columns=columns, touched=touched)

    def _touching(self, relation: str, names: frozenset[str] | None) -> State:
        known = self.touched.get(relation, frozenset())
        together = None if known is None or names is None else known | names
        columns = {
            key: replace(source, changed=True)
            if key[0] == relation and (names is None or key[1] in names)
            else source
            for key, source in self.columns.items()
        }
        copies = {
            name: replace(source, changed=source.changed or names is None or name in names)
            for name, source in self.copies.get(relation, {}).items()
        }
        return replace(
            self,
            columns=columns,
            touched={**self.touched, relation: together},
            copies={**self.copies, relation: copies} if copies else self.copies,
        )


_NOTHING = SchemaObject("column", "")

#: Commands that fill what they make. Its name may be one of production's later.
_FILLING = frozenset({"CREATE TABLE AS", "SELECT INTO"})


def states(trials: Iterable[Trial]) -> Iterator[tuple[StatementEffects, State, State]]:
    """Yield each statement with the states before and after it."""
    state = State()
    for trial in trials:
        for statement in trial.statements:
            before, state = state, state.after(trial, statement)
            yield statement, before, state


def _part(column: SchemaObject) -> str:
    return bare(column.name.removeprefix(f"{column.parent}."))


def _split(column: str) -> tuple[str, str]:
    """Split a qualified column's name into its table's and its own."""
    *table, name = parts(column)
    return ".".join(table), name


def _literal(filling: Filling | None, column: SchemaObject | None) -> str:
    if filling is None or column is None:
        return ""
    escaped = "NULL" if filling.value is None else "'" + filling.value.replace("'", "''") + "'"
    return f"CAST({escaped} AS {column.attributes['type']})"


def _cast(source: Source, change: ColumnChange, statement: StatementEffects) -> Source:
    """Follow the one value of a column through a change of its type."""
    if not source.value or change.before is None or change.after is None:
        return source
    old, new = change.before.attributes["type"], change.after.attributes["type"]
    if old == new:
        return source
    if re.search(r"\busing\b", statement.sql, re.IGNORECASE):  # the engine keeps no trace of it
        return replace(source, value="")
    return replace(source, value=f"CAST({source.value} AS {new})")


def _touches(
    trial: Trial, statement: StatementEffects
) -> Iterator[tuple[str, frozenset[str] | None]]:
    """Yield the tables whose rows a statement changes, with the columns, or nothing for any."""
    truncated = "TRUNCATE TABLE" in statement.tags
    modified = {lock.relation for lock in statement.locks} if truncated else set()
    modified |= {name for tag, _, name in statement.creates if tag in _FILLING}
    for relation in modified | statement.rows_modified.keys():
        named = statement.columns_set.get(relation)
        names = None if truncated or named is None else _computed(trial, relation, named)
        for name in family(trial.before, relation):
            yield name, names


def _computed(trial: Trial, relation: str, named: Iterable[str]) -> frozenset[str] | None:
    """Add what the engine computes from the columns that are set; a trigger may set any."""
    for catalogue in (trial.before, trial.after):
        if any(True for _ in catalogue.parts_of(relation, "trigger")):
            return None
    generated = (
        _part(item)
        for item in trial.after.parts_of(relation, "column")
        if "generated" in item.attributes
    )
    return frozenset((*named, *generated))


def family(catalogue: Catalogue, relation: str) -> set[str]:
    """Return a table, those above it that its rows are rows of too, and those below it."""
    found, above = {relation}, catalogue.get("table", relation)
    while above is not None and "partition_of" in above.attributes:
        found.add(above.attributes["partition_of"])
        above = catalogue.get("table", above.attributes["partition_of"])
    below = [relation]
    while below:
        below = [item.name for name in below for item in catalogue.parts_of(name, "partition")]
        found.update(below)
    found.update(catalogue.children(relation))
    return found | _ancestors(catalogue, relation)


def _ancestors(catalogue: Catalogue, relation: str) -> set[str]:
    parents = catalogue.parents(relation)
    return {*parents, *(name for item in parents for name in _ancestors(catalogue, item))}
