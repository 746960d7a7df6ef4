"""One direction: what leads from a database of one schema to that of another, tried on a copy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from dbspecialist.advisors.schema_diff import plan
from dbspecialist.advisors.schema_diff.candidates import Candidate
from dbspecialist.advisors.schema_diff.likeness import Evidence
from dbspecialist.advisors.schema_diff.losses import losses
from dbspecialist.advisors.schema_diff.renames import Answers, open_questions
from dbspecialist.advisors.schema_diff.same_but_name import renamed
from dbspecialist.engines.postgresql.catalogue import read_schema
from dbspecialist.engines.postgresql.ddl.casts import conversions
from dbspecialist.engines.postgresql.ddl.context import NEWEST, Context, Side
from dbspecialist.engines.postgresql.ddl.renaming import rename
from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.comparison import comparable
from dbspecialist.facts.dependencies import Dependencies
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.schema_diff import Script
from dbspecialist.proofs.schema_equality import CATALOGUES, catalogue_proof, dump_proof
from dbspecialist.twins.sides import RUNNER, Sides
from dbspecialist.twins.stage_roles import OWNER

#: Asked about a candidate: whether it is a rename.
Asked = Callable[[Candidate], bool]

#: Who owns what nobody gave an owner: where .sql files run, and where migrations do.
RUNNERS = (RUNNER, OWNER)

#: How often is looked again for what is left to do.
ROUNDS = 3


@dataclass
class Road:
    """The way from one database to another on the same server.

    Args:
        sides: The server.
        start: The database to start from, which stays as it is.
        goal: The database to end at, which stays as it is.
        ask: Decides about candidates without an answer; it may raise.
    """

    sides: Sides
    start: str
    goal: str
    ask: Asked
    answers: Answers = field(default_factory=Answers)
    statements: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.work = self.sides.copy(self.start)
        known = self.sides.versions
        self.version = known.get(self.start) or known.get(self.goal) or NEWEST
        self.wanted, self._needs = self._read(self.goal)

    def walk(self) -> Script:
        """Write the statements, run them on the copy, and compare where they end."""
        refused = self._rename()
        for _ in range(ROUNDS):
            # What a detached partition is left with shows once it is detached.
            found = [] if refused else self._plan()
            if not found:
                break
            refused = self._run(found) or self._equalise()
        if refused:
            proofs: tuple[Proof, ...] = (Proof(CATALOGUES, "refuted", refused),)
        else:
            proofs = self._proofs()
        return Script(tuple(self.statements), tuple(self.losses), proofs)

    def _rename(self) -> str:
        """Carry renames out: tables, then columns, then what is the same but for its name."""
        for of_tables in (True, False):
            now, _ = self._read(self.work)
            for candidate in open_questions(
                now, self.wanted, self.answers, of_tables=of_tables, evidence=self._evidence()
            ):
                self.answers = self.answers.with_answer(candidate, self.ask(candidate))
            refused = self._renamed(self.answers.renames(now, of_tables=of_tables))
            if refused:
                return refused
        return self._equalise()

    def _evidence(self) -> Evidence:
        known = self.sides.statistics
        tables = {new: old for old, new in self.answers.tables.items() if new}
        return Evidence(known.get(self.start, {}), known.get(self.goal, {}), tables)

    def _equalise(self) -> str:
        """Rename what is the same but for its name; a type's rename shows others."""
        for _ in range(ROUNDS):
            now, wanted = self._compared(self._read(self.work)[0])
            found = list(renamed(now, wanted, named_not_null=self.has_names))
            refused = self._renamed(found)
            if refused or not found:
                return refused
        return ""

    def _renamed(self, found: Iterable[tuple[SchemaObject, str]]) -> str:
        return self._run([text for item, new in found for text in rename(item, new)])

    def _plan(self) -> list[str]:
        now, needs = self._read(self.work)
        before, after = self._compared(now)
        with self.sides.connect(self.goal) as connection:
            context = Context(
                Side(before, needs), Side(after, self._needs), conversions(connection), self.version
            )

            actions = plan(context)
        self.losses += losses(actions, context)
        return [text for action in actions for text in action.statements]

    def _run(self, statements: Sequence[str]) -> str:
        self.statements += statements
        return self.sides.run(self.work, statements) if statements else ""

    def _proofs(self) -> tuple[Proof, ...]:
        reached, _ = self._read(self.work)
        proof = catalogue_proof(*self._compared(reached))
        with ThreadPoolExecutor() as pool:
            one, other = pool.map(self.sides.dump, (self.work, self.goal))
        return proof, dump_proof(one, other, owners=self._has_owners(reached), names=self.has_names)

    def _has_owners(self, reached: Catalogue) -> bool:
        sides = reached, self.wanted
        return not any(i.attributes.get("owner") in RUNNERS for side in sides for i in side.objects)

    @property
    def has_names(self) -> bool:
        """Whether NOT NULL constraints have names on the server that the script is for."""
        return self.version >= 180_000

    def _compared(self, now: Catalogue) -> tuple[Catalogue, Catalogue]:
        return comparable(now, self.wanted, RUNNERS, named_not_null=self.has_names)

    def _read(self, database: str) -> tuple[Catalogue, Dependencies]:
        with self.sides.connect(database) as connection:
            return read_schema(connection)
