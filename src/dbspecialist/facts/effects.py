"""Effects: what the engine was seen to do for one statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dbspecialist.facts.catalogue import Difference, SchemaObject
from dbspecialist.facts.cutting import cut_quotes
from dbspecialist.facts.locks import Lock
from dbspecialist.facts.written import Written

#: What `unchecked` says of a statement that waits for a lock of its own run.
WAITS_FOR_ITSELF = "waiting for a lock that another session of the same run holds"

#: How `unchecked` begins for a statement of which something else was run in part.
TRIED_WITH = "tried with "

#: What is told instead of the engine's word for a statement that the twin's watchdog cancelled.
OUT_OF_TIME = "the statement did not end in the time that it has on the twin"


@dataclass(frozen=True, slots=True)
class EngineError:
    """The engine's refusal of a statement; what it quotes at length is cut."""

    sqlstate: str
    message: str
    detail: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", cut_quotes(self.message))
        object.__setattr__(self, "detail", cut_quotes(self.detail))

    @property
    def lacks_object(self) -> bool:
        """Whether a relation, column, function, schema or other object is not there."""
        return self.sqlstate in {"3F000", "42P01", "42703", "42704", "42883"}

    @property
    def stopped(self) -> bool:
        """Whether the twin's machine stopped the statement: its time, memory, disk or server.

        Source: PostgreSQL manual, "PostgreSQL Error Codes", classes 53, 57 and 58; MariaDB
        documentation, "MariaDB Error Codes", 1969 (70100), and 08S01 for a session that is lost.
        """
        if self.sqlstate == "70100":
            return "max_statement_time" in self.message
        if self.sqlstate == "57014":  # time-outs of the migration's own are its own
            return "user request" in self.message or OUT_OF_TIME in self.message
        return self.sqlstate[:2] in {"53", "58"} or self.sqlstate in {
            *("57P01", "57P02", "57P03", "08S01"),
        }


@dataclass(frozen=True, slots=True)
class Clause:
    """How the engine carries out one clause of an ALTER TABLE by itself (MySQL, MariaDB).

    Args:
        sql: The clause.
        algorithm: `INSTANT`, `NOCOPY`, `INPLACE` or `COPY`.
        lock: `NONE`, `SHARED` or `EXCLUSIVE`.
        reason: Why the engine takes no cheaper algorithm, in its words.
    """

    sql: str
    algorithm: str
    lock: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ConstraintChange:
    """A constraint that a statement made, or whose row in the catalogue it changed.

    Args:
        relation: The table's schema-qualified name, or the domain's.
        name: Its name, quoted as the engine prints it.
        kind: `primary key`, `unique`, `foreign key`, `check`, `exclude`, `not null`, or `domain`.
        definition: As `pg_get_constraintdef` prints it.
        valid: Whether all rows are known to satisfy it.
        added: Whether it is new; a changed one was validated, renamed or altered.
        referenced: The table that a foreign key refers to, or "".
        index: The index behind it, or "".
        unstable: Functions in its expression that are not immutable, as `name (volatile)`.
    """

    relation: str
    name: str
    kind: str
    definition: str
    valid: bool
    added: bool
    referenced: str = ""
    index: str = ""
    unstable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filling:
    """The one value of a column that a statement gives all rows; nothing stands for NULL."""

    value: str | None


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """A column that a statement made, changed, renamed or dropped.

    Args:
        id: What it is known by over the run, whatever its name: its table's and its own number.
        before: As it was before the statement, in the table of its present name; nothing where it
            is new.
        after: As it is now; nothing where it is gone.
        origin: Its table's name and its own in production; nothing where this run made it.
        makes_table: Whether the statement makes its table as well.
        filling: What all rows that were there get in a new column; nothing where each row's is
            computed, and for a column that is not new.
    """

    id: tuple[int, int]
    before: SchemaObject | None
    after: SchemaObject | None
    origin: tuple[str, str] | None = None
    makes_table: bool = False
    filling: Filling | None = None


@dataclass(frozen=True, slots=True)
class StatementEffects:
    """What one statement did on the twin.

    Args:
        sql: The statement as the toolchain sent it.
        line: Its line in the migration's file, from 1, where known.
        tags: Command tags the engine reported, also from within functions and DO blocks
            (`ALTER TABLE`, `CREATE INDEX`, `UPDATE`).
        transaction: A number that statements of one transaction share.
        in_transaction: Whether it ran inside a transaction block.
        parameters: How many values were sent beside the text.
        locks: Locks newly taken or strengthened by it.
        rewrites: Relations whose storage was written anew, with the engine's reason.
        scans: Relations read from beginning to end.
        queried: Relations that plain queries of it read from beginning to end, by their plans.
        index_builds: Indexes built over a relation's rows, as `{index: relation}`.
        read_by_builds: Those of `scans` that are read once for each of these and for nothing else.
        rows_modified: Rows changed, by relation: the planner's estimate at production size.
        rows_at_once: By relation, the most of these rows that one transaction of it changes, where
            it commits several by itself.
        drops: Objects that went, as `kind name`, with those that CASCADE took along.
        cascades: Those of `drops` that depended on what was named and went with it.
        creates: Objects made or altered, as `(tag, kind, name)`.
        constraints: Constraints made or changed.
        columns: Columns made, changed or dropped.
        columns_set: By relation, the columns that its UPDATEs set, where its rows change in those
            alone; rows of other relations in `rows_modified` come, go, or change in any column.
        copies: By relation, the column of another table that each of its columns is filled with,
            "" for what is computed; left out where rows are chosen.
        conditions: By relation, the condition on its own rows under which its one UPDATE or DELETE
            changes them, as plans print it, "" where it has none; left out where it is joined.
        nulls_reached: By relation, the columns that such an UPDATE sets, or whose rows such a
            DELETE removes, wherever they hold NULL; told of columns that become NOT NULL.
        writes: What its queries write, and which rows they remove, as far as plans tell.
        renames: The new names of relations that it renames or moves, by their names before it.
        names: Relations whose names do not mean what they mean in production when it has run: the
            names that they have there, or "" for those that this run made.
        invalid_indexes: Indexes left INVALID.
        settings: `lock_timeout`, `statement_timeout` … in force when it ran, in milliseconds
            for time-outs (0: none).
        error: The engine's refusal, or nothing.
        unchecked: Why it was not (wholly) observed, or "".
        blocked_ms: Estimated blocked time at production size, by relation whatever waits there;
            see `waits` and proofs/effects.py.
        held: Locks of earlier statements of its transaction on the relations whose rows it reads or
            writes, where they are stronger than its own; see proofs/effects.py.
        work_ms: Its own share of that: how long it works at production size; nothing where a size
            is not known.
        elapsed_ms: How long it took on the twin, in milliseconds.
        reads: Relations that queries of its code (a DO block, a function) read and change no rows.
        selects: Relations that it reads itself, where it is a plain query that changes no rows.
        rescans: How often its queries read a table from beginning to end, by table, where the
            planner expects it more than once.
        rows_lost: Tables besides those that it drops of which rows were gone after it (SQLite).
        algorithm: The cheapest algorithm that MySQL or MariaDB takes for an ALTER TABLE.
        reason: Why it takes no cheaper one, in its words.
        clauses: The same for each clause, where there are several.
        commits: Whether it committed a transaction that was open, without being COMMIT.
        warnings: What the engine warned of.
        changes: What it changed in the catalogue of the tables that it names (MySQL, MariaDB).
    """

    sql: str
    line: int | None = None
    tags: tuple[str, ...] = ()
    transaction: int = 0
    in_transaction: bool = True
    parameters: int = 0
    locks: tuple[Lock, ...] = ()
    rewrites: Mapping[str, str] = field(default_factory=dict)
    scans: tuple[str, ...] = ()
    queried: tuple[str, ...] = ()
    index_builds: Mapping[str, str] = field(default_factory=dict)
    read_by_builds: tuple[str, ...] = ()
    rows_modified: Mapping[str, float] = field(default_factory=dict)
    drops: tuple[str, ...] = ()
    cascades: tuple[str, ...] = ()
    creates: tuple[tuple[str, str, str], ...] = ()
    constraints: tuple[ConstraintChange, ...] = ()
    columns: tuple[ColumnChange, ...] = ()
    columns_set: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    copies: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    nulls_reached: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    writes: tuple[Written, ...] = ()
    renames: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    invalid_indexes: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    error: EngineError | None = None
    unchecked: str = ""
    blocked_ms: Mapping[str, float] = field(default_factory=dict)
    elapsed_ms: float = 0.0
    algorithm: str = ""
    reason: str = ""
    clauses: tuple[Clause, ...] = ()
    commits: bool = False
    warnings: tuple[str, ...] = ()
    changes: tuple[Difference, ...] = ()
    held: tuple[Lock, ...] = ()
    work_ms: float | None = None
    reads: tuple[str, ...] = ()
    selects: tuple[str, ...] = ()
    rescans: Mapping[str, float] = field(default_factory=dict)
    rows_lost: tuple[str, ...] = ()
    rows_at_once: Mapping[str, float] = field(default_factory=dict)

    @property
    def waits(self) -> Mapping[str, Mapping[str, float]]:
        """What waits for how long for its locks, by relation: `reads`, `writes`, `ddl`."""
        found: dict[str, dict[str, float]] = {}
        for lock in (*self.locks, *self.held):
            if lock.blocked in self.blocked_ms:
                kinds = dict.fromkeys(lock.blocks, self.blocked_ms[lock.blocked])
                found.setdefault(lock.blocked, {}).update(kinds)
        return {name: kinds for name, kinds in found.items() if kinds}
