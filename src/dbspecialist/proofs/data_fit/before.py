"""What production holds of a table just before a statement of a run that writes rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbspecialist.engines.postgresql.index_definition import index_parts
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.data_fit import Claim, ClaimKind
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.names import bare
from dbspecialist.facts.written import Written
from dbspecialist.proofs.data_fit.ground import Ground, mentions, part

#: Commands that bring rows and leave those that are there.
_BRINGING = frozenset({"INSERT", "COPY"})


@dataclass(frozen=True)
class Before:
    """One statement of a trial, and production as it finds it."""

    ground: Ground
    index: int

    @property
    def statement(self) -> StatementEffects:
        """The statement."""
        return self.ground.trial.statements[self.index]

    def is_there(self, relation: str) -> bool:
        """Tell whether production has a table under that name with rows in it."""
        return (
            self.ground.run.state_before(self.statement).names.get(relation, relation) == relation
            and self.ground.production.get("table", relation) is not None
            and not self.ground.run.at(self.statement).is_empty(relation)
        )

    def is_kept(self, relation: str) -> bool:
        """Tell whether the run has left a table's rows as they are; it may have added some."""
        family = {*self.ground.family(relation)}
        for item in self._statements():
            brings = {tag.partition(" ")[0] for tag in item.tags} <= _BRINGING
            locked = {lock.relation for lock in item.locks if "TRUNCATE TABLE" in item.tags}
            if (family & (item.rows_modified.keys() | locked)) and not brings:
                return False
        return True

    def _statements(self) -> Iterator[StatementEffects]:
        for trial in self.ground.run.trials:
            for item in trial.statements:
                if item is self.statement:
                    return
                yield item

    def columns(self, relation: str) -> tuple[SchemaObject, ...]:
        """Return a table's columns in their order, as the trial ends or begins with them."""
        found = tuple(self.ground.trial.before.parts_of(relation, "column"))
        return found or tuple(self.ground.trial.after.parts_of(relation, "column"))

    def same(self, relation: str, columns: tuple[str, ...]) -> bool:
        """Tell whether columns are production's own, with their names and values."""
        state = self.ground.run.state_before(self.statement)
        sources = (state.source(relation, name) for name in columns)
        return all(
            source.origin is not None
            and (source.origin[0], bare(source.origin[1])) == (relation, bare(name))
            and self.ground.production.get("column", f"{relation}.{name}") is not None
            for source, name in zip(sources, columns, strict=True)
        )

    def unique_keys(self, relation: str) -> Iterator[tuple[str, tuple[str, ...], bool]]:
        """Yield each plain unique index with its columns, and whether NULLs are alike in it."""
        for item in self.ground.production.parts_of(relation, "index"):
            parts = index_parts(item)
            is_there = self.ground.trial.before.get("index", item.name) is not None
            if parts.unique and all(parts.columns) and not parts.predicate and is_there:
                yield item.name, parts.columns, "NULLS NOT DISTINCT" in parts.rest

    def made(self, item: Written) -> dict[str, str]:
        """Return the new values of the columns that an UPDATE sets, where its plan tells them."""
        named = {bare(name) for name in self.statement.columns_set.get(item.relation, ())}
        ordered = [part(column) for column in self.columns(item.relation)]
        written = [name for name in ordered if bare(name) in named]
        values = item.values[0] if item.values else ()
        if item.condition is None or len(written) != len(values):
            return {}
        return dict(zip(written, values, strict=True))

    def is_deferrable(self, index: str) -> bool:
        """Tell whether the constraint behind an index can be checked at the end."""
        return any(
            item.attributes.get("index") == index and "deferrable" in item.attributes
            for item in self.ground.production.of_kind("constraint")
        )

    def mentioned(self, relation: str, text: str) -> tuple[str, ...]:
        """Return the columns of a table that an expression names."""
        names = (part(item) for item in self.ground.production.parts_of(relation, "column"))
        return tuple(name for name in names if mentions(text, name))

    def claim(
        self,
        kind: ClaimKind,
        text: str,
        relation: str,
        *,
        object: str,
        columns: tuple[str, ...],
        query: str,
        reads: tuple[str, ...],
        misfit: str = "",
        referenced: tuple[str, ...] = (),
    ) -> Claim:
        """Make a claim on rows that are there; `relation` is whose rule it is."""
        return Claim(
            kind=kind,
            text=text,
            object=object,
            relation=relation,
            columns=columns,
            query=query,
            misfit=misfit,
            reads=reads,
            referenced=referenced,
            revision=self.ground.trial.migration.revision,
            index=self.index,
        )
