"""What claims stand on: one migration, and the names and rows that production has before it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dbspecialist.engines.postgresql.tokens import tokens
from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.data_fit import Claim, ClaimKind
from dbspecialist.facts.lineage import Source, State
from dbspecialist.facts.names import bare, listed
from dbspecialist.facts.trial import Run, Trial


def production_of(run: Run) -> Catalogue:
    """Return the catalogue that the run begins with."""
    if run.trials and run.trials[0].before.objects:
        return run.trials[0].before
    return run.snapshot.catalogue if run.snapshot else Catalogue()


def part(item: SchemaObject) -> str:
    """Return the name of a part without its relation's, quoted as the engine prints it."""
    return item.name.removeprefix(f"{item.parent}.")


def mentions(text: str, name: str) -> bool:
    """Tell whether a name stands in a text."""
    word = re.escape(bare(name))
    return re.search(rf"(?<![\w$]){word}(?![\w$])", text, re.IGNORECASE) is not None


@dataclass(frozen=True)
class Ground:
    """One trial of a run."""

    run: Run
    trial: Trial

    @cached_property
    def production(self) -> Catalogue:
        """The catalogue that the run begins with."""
        return production_of(self.run)

    def state(self, index: int | None) -> State:
        """Return what the run has made of production when a statement of the trial has run."""
        known = index is not None and index < len(self.trial.statements)
        return self.run.state(self.trial.statements[index] if index is not None and known else None)

    def name(self, relation: str, index: int | None) -> str:
        """Return a relation's name in production."""
        return self.state(index).names.get(relation, relation) or relation

    def family(self, relation: str) -> list[str]:
        """Return a table and its partitions."""
        parts = self.trial.before.parts_of(relation, "partition")
        return [relation, *(name for item in parts for name in self.family(item.name))]

    def is_filled(self, relation: str, index: int | None) -> bool:
        """Tell whether production has a table, by its name then, that may have rows."""
        if index is None or index >= len(self.trial.statements):
            run, known = self.run, relation
        else:
            statement = self.trial.statements[index]
            run, known = self.run.at(statement), self.trial.name_before(relation, statement)
        names = self.state(index).names
        stands_in = relation not in names and relation in self._tables
        if names.get(relation) == "" or not (self.trial.before.get("table", known) or stands_in):
            return False
        leaves = self._leaves(known)
        return any(not run.is_empty(relation if name == known else name) for name in leaves)

    def _leaves(self, relation: str) -> list[str]:
        parts = list(self.trial.before.parts_of(relation, "partition"))
        return [name for item in parts for name in self._leaves(item.name)] or [relation]

    def statement_about(self, relation: str, name: str) -> int | None:
        """Return the place of the statement that alters a relation and names a part of it.

        The engine reports ALTER TABLE by table: which of several statements meant a part is read
        from the text, and only that.
        """
        touching = [
            number
            for number, item in enumerate(self.trial.statements)
            if any(relation == made for _, _, made in item.creates)
        ]
        named = [number for number in touching if mentions(self.trial.statements[number].sql, name)]
        return next(iter(named or touching), None)

    def claim(
        self,
        kind: ClaimKind,
        text: str,
        item: SchemaObject,
        columns: Sequence[str],
        index: int | None,
        **more: Any,
    ) -> Claim:
        """Make a claim on a relation's rows; the query that a misfit stands for is written here.

        The item and its columns bear their names of after the migration, or of after the
        statement for claims on `columns`.
        """
        relation, sources = self.sources(item, columns, index)
        if kind == "type":  # it is the values before the cast that it is about
            state = self.run.state_before(self.trial.statements[index or 0])
            sources = {name: state.source(relation, name) for name in columns}
        reads = (relation, *more.pop("references", ()))
        obstacle = more.pop("obstacle", "") or self._obstacle(item, sources, reads, index)
        table = self.name(relation, index)
        there = {name: expression(source) for name, source in sources.items()}
        asked = tuple(source.origin[1] for source in sources.values() if source.origin)
        misfit = in_production(more.pop("misfit", ""), there)
        query = more.pop("query", "") or (misfit and self.row_query(table, asked, misfit))
        return Claim(
            kind=kind,
            text=text,
            object=item.name,
            relation=item.parent,
            columns=asked,
            query="" if obstacle else query,
            misfit=misfit,
            reads=tuple(self.name(name, index) for name in reads),
            obstacle=obstacle,
            revision=self.trial.migration.revision,
            index=index,
            **more,
        )

    def sources(
        self, item: SchemaObject, columns: Sequence[str], index: int | None
    ) -> tuple[str, dict[str, Source]]:
        """Return a table's name when a statement has run, and the sources of its columns."""
        state, found = self.state(index), {}
        relation, _ = self.then(item, "", index)
        for name in columns:
            found[name] = state.source(*self.then(item, name, index))
        return relation, found

    def then(self, item: SchemaObject, column: str, index: int | None) -> tuple[str, str]:
        """Return the names of a table and its column when a statement had run."""
        if item.kind == "column":
            return item.parent, column
        return self.trial.name_then(item.parent, column, index)

    def row_query(self, table: str, columns: Sequence[str], misfit: str) -> str:
        """Write the query for one row that a condition holds for, told by its primary key."""
        keys = [*self._key(table)] or ["ctid"]
        shown = ", ".join(f"{name}::text" for name in dict.fromkeys((*keys, *columns)))
        return f"SELECT {shown} FROM {table} WHERE {misfit} LIMIT 1"

    def _key(self, table: str) -> Iterator[str]:
        for item in self.production.parts_of(table, "constraint"):
            if item.attributes["type"] == "primary key":
                yield from listed(item.attributes["columns"])

    def _obstacle(
        self,
        item: SchemaObject,
        sources: Mapping[str, Source],
        reads: Sequence[str],
        index: int | None,
    ) -> str:
        state, relation = self.state(index), reads[0]
        for name in reads:
            there = state.names.get(name, name)
            if not there:
                return f"{name} is made by this run"
            if there not in self._tables:
                return f"{name} is not there before this run under that name"
            if name != relation and state.changes(name):
                return f"this run changes rows of {name} before it"
        found = (
            self._unknown(relation, self.then(item, name, index)[1], source, index)
            for name, source in sources.items()
        )
        return next(filter(None, found), "")

    def _unknown(self, relation: str, column: str, source: Source, index: int | None) -> str:
        """Say why production does not tell a column's values, or nothing."""
        if source.changed:
            return f"this run changes {relation}.{column} before it"
        if source.origin is None:
            told = f"{relation}.{column} is made by this run, which computes its values"
            return "" if source.value else told
        then = self.production.get("column", ".".join(source.origin))
        if then is None or self._type(relation, column, index) != _type(then):
            return f"{relation}.{column} is not there before this run with that type"
        return ""

    def _type(self, relation: str, column: str, index: int | None) -> str:
        """Return a column's type before a statement, as far as the migration's own tell."""
        statements = self.trial.statements[: None if index is None else index + 1]
        name = f"{relation}.{column}"
        for number, statement in reversed(list(enumerate(statements))):
            for change in statement.columns:
                if change.after is None or change.after.name != name:
                    continue
                if change.before is not None and number == index:
                    return _type(change.before)
                return _type(change.after)
        now = self.trial.before.get("column", f"{relation}.{column}")
        if now is None:  # its table has another name since
            now = self.production.get("column", f"{self.name(relation, index)}.{column}")
        return _type(now) if now else ""

    @cached_property
    def _tables(self) -> frozenset[str]:
        return frozenset(item.name for item in self.production.of_kind("table"))


def expression(source: Source) -> str:
    """Return what stands for a column in production."""
    return source.origin[1] if source.origin else source.value


def in_production(text: str, there: Mapping[str, str]) -> str:
    """Write an expression of the migration's columns with what stands for them in production."""
    if all(name == other for name, other in there.items()):
        return text
    by_name = {bare(name): other for name, other in there.items()}
    written, before = [], ""
    for token in tokens(text, ""):
        word = text[token.start : token.end]
        other = by_name.get(bare(word), "") if token.kind in {"word", "name"} else ""
        written.append(other if other and before not in {".", "::"} else word)
        before = word if token.kind != "space" else before
    return "".join(written)


def _type(column: SchemaObject) -> str:
    return column.attributes["type"]
