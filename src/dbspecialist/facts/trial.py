"""Trials: what was seen of each migration, the ground that rules judge on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from dbspecialist.facts.catalogue import Catalogue, Difference, differences
from dbspecialist.facts.data_fit import DataFit
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Location
from dbspecialist.facts.lineage import State, states
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.rows_needed import Failure, Reading
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.statistics import RelationStatistics
from dbspecialist.facts.walked import Broken, RoundTrip, RowsError

PAGE_BYTES = 8192


@dataclass(frozen=True)
class Trial:
    """What was seen of one migration.

    Args:
        migration: Which one.
        statements: What its statements did, in order.
        before: The catalogue before it.
        after: The catalogue after it.
        source: The text of its file.
        round_trip: How its way back went; nothing where it was not tried.
        broken: Statements of the application that it breaks.
        rows_errors: Statements that fail once there are rows.
        failure: Why it stopped, where that was not the engine's refusal of a statement.
        untried: Why it was not, or not wholly, run, or "".
        rows_warnings: What the engine warned of once there were rows, by statement from 0.
        nulls: Columns that held NULL in the made-up rows before it, where it passed with them.
        needs_rows: How it fails on empty tables, where rows may prevent that.
        readings: Its code that reads tables with rows in production alone.
    """

    migration: Migration
    statements: tuple[StatementEffects, ...]
    before: Catalogue
    after: Catalogue
    source: str = ""
    round_trip: RoundTrip | None = None
    broken: tuple[Broken, ...] = ()
    rows_errors: tuple[RowsError, ...] = ()
    failure: str = ""
    untried: str = ""
    rows_warnings: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    nulls: frozenset[str] = frozenset()
    needs_rows: Failure | None = None
    readings: tuple[Reading, ...] = ()

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """What it changed in the catalogue."""
        return differences(self.before, self.after)

    def name_before(self, relation: str, statement: StatementEffects) -> str:
        """Return the name before the migration of a relation that a statement leaves under one."""
        place = self._places.get(id(statement), len(self.statements) - 1)
        earlier = (item for number, item in reversed(self._renaming) if number <= place)
        return self._followed(relation, earlier)

    def name_then(self, relation: str, column: str, index: int | None) -> tuple[str, str]:
        """Return the names when a statement had run of what has these after the migration."""
        if index is None:
            return relation, column
        for statement in reversed(self.statements[index + 1 :]):
            for change in statement.columns:
                if change.after and change.before and change.after.name == f"{relation}.{column}":
                    column = change.before.name.removeprefix(f"{change.before.parent}.")
            relation = self._followed(relation, (statement,))
        return relation, column

    @cached_property
    def _renaming(self) -> tuple[tuple[int, StatementEffects], ...]:
        return tuple((n, item) for n, item in enumerate(self.statements) if item.renames)

    @cached_property
    def _places(self) -> Mapping[int, int]:
        return {id(item): number for number, item in enumerate(self.statements)}

    def place(self, statement: StatementEffects) -> int:
        """Return a statement's number, from 0; of statements that are alike, each has its own.

        Raises:
            ValueError: Where it is none of the trial's.
        """
        found = self._places.get(id(statement))
        return self.statements.index(statement) if found is None else found

    @staticmethod
    def _followed(relation: str, backwards: Iterable[StatementEffects]) -> str:
        for statement in backwards:
            for was, name in statement.renames.items():
                if name == relation:
                    relation = was
                    break
        return relation

    def location(self, statement: StatementEffects | None = None) -> Location:
        """The place of a statement, or of the file."""
        if statement is None:
            return Location(self.migration.path)
        return Location(self.migration.path, statement.line, self._places.get(id(statement)))

    def from_statement(self, statement: StatementEffects) -> tuple[StatementEffects, ...]:
        """The statement and those that follow it in its transaction: a lock is held over them."""
        start = self.place(statement)
        return tuple(
            item for item in self.statements[start:] if item.transaction == statement.transaction
        )


@dataclass(frozen=True)
class Run:
    """All trials of one run, and what is known of production.

    Args:
        trials: In running order.
        snapshot: What stands for production, or nothing.
        scale: By how much sizes are multiplied.
        max_blocked_ms: How long reads or writes may wait before it is an error.
        created: Relations that the run itself made: production has no rows in them.
        renamed: The names in production of relations that the run renames, by each later name.
        settings: Time-outs that the tool's runner sets by itself.
        history: Claims about the whole history (it replays, models agree).
        model_drift: Objects that the models and the migrated database do not have alike: as the
            migrations make them, and as the models do.
        database_drift: Objects that the snapshot and the replayed migrations do not have alike:
            as the migrations make them, and as they are in production.
        edited: Applied migrations whose files were changed.
        heads: Revisions that nothing follows.
        data_fit: What the migrations need of production's rows, and how far it holds.
        engine: The engine that was asked.
    """

    trials: tuple[Trial, ...]
    snapshot: Snapshot | None = None
    scale: float = 1.0
    max_blocked_ms: float = 1000.0
    created: frozenset[str] = frozenset()
    renamed: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    history: tuple[Proof, ...] = ()
    model_drift: tuple[Difference, ...] = ()
    database_drift: tuple[Difference, ...] = ()
    edited: tuple[Migration, ...] = ()
    heads: tuple[str, ...] = ()
    data_fit: tuple[DataFit, ...] = ()
    engine: str = "postgresql"

    @cached_property
    def _states(self) -> Mapping[int, tuple[State, State]]:
        return {id(item): (before, after) for item, before, after in states(self.trials)}

    def state(self, statement: StatementEffects | None) -> State:
        """Return what the run has made of production's tables when a statement has run."""
        found = self._states.get(id(statement))
        return found[1] if found else State(names=self.renamed)

    def state_before(self, statement: StatementEffects) -> State:
        """Return what the run has made of production's tables before a statement."""
        found = self._states.get(id(statement))
        return found[0] if found else State(names=self.renamed)

    def at(self, statement: StatementEffects) -> Run:
        """Return a run that takes names as they are when a statement has run."""
        names = statement.names
        there = self.snapshot.relation if self.snapshot else {}
        made = {name for name, was in names.items() if not was}
        later = {name for name in self.created if name not in names and name not in there}
        renamed = {name: was for name, was in self.renamed.items() if name not in there}
        return replace(
            self,
            created=frozenset(made | later),
            renamed={**renamed, **{name: was for name, was in names.items() if was}},
        )

    def statistics(self, relation: str) -> RelationStatistics | None:
        """Return what the snapshot says of a relation, by the name it had in production."""
        if relation in self.created or self.snapshot is None:
            return None
        return self.snapshot.relation.get(self.renamed.get(relation, relation))

    def knows(self, relation: str) -> bool:
        """Tell whether production's size of a relation is known."""
        return relation in self.created or all(self._stored(relation))

    def rows(self, relation: str) -> float:
        """Rows in production, multiplied by the scale; 0 where nothing is known."""
        return sum(max(item.tuples, 0.0) for item in self._stored(relation) if item) * self.scale

    def bytes(self, relation: str) -> float:
        """Bytes in production with TOAST, without indexes, multiplied by the scale."""
        found = (item for item in self._stored(relation) if item)
        return sum(max(item.total_bytes, item.pages * PAGE_BYTES) for item in found) * self.scale

    def is_empty(self, relation: str) -> bool:
        """Tell whether a relation is new in this run or known to be empty in production."""
        if relation in self.created:
            return True
        return all(
            item is not None and item.tuples <= 0 and item.pages == 0
            for item in self._stored(relation)
        )

    def root(self, relation: str) -> str:
        """Return the name in production of the topmost parent of a partition or child table."""
        found = self.renamed.get(relation, relation)
        parents = {} if self.snapshot is None else self.snapshot.parents
        while found in parents:
            found = parents[found]
        return found

    def _stored(self, relation: str) -> tuple[RelationStatistics | None, ...]:
        """Return what is known of where a relation's rows are: itself, or all its partitions."""
        found = self.statistics(relation)
        if self.snapshot is None or relation in self.created:
            return (found,)
        leaves = self.snapshot.leaves.get(self.renamed.get(relation, relation))
        return tuple(map(self.snapshot.relation.get, leaves)) if leaves else (found,)
