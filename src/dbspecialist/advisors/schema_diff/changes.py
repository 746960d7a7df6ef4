"""What has to go, to come and to be changed so that one schema becomes the other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from dbspecialist.advisors.schema_diff.inheritance import Lineage
from dbspecialist.engines.postgresql import ddl
from dbspecialist.engines.postgresql.ddl.context import Context
from dbspecialist.facts.catalogue import Difference, SchemaObject, differences
from dbspecialist.facts.dependencies import Key

#: Types that columns move away from before they are dropped.
TYPES = frozenset({"enum", "domain", "composite type", "range"})

#: What the engine changes along, or what a table keeps, when that on which it stands goes.
_STAYING = frozenset({"table", "foreign table", "sequence", "publication", "schema", "extension"})

#: What refuses that the type of a column below it changes (manual, "ALTER TABLE"; PostgreSQL
#: source, `RememberAllDependentForRebuilding`).
_REFUSING = frozenset(
    {"view", "materialized view", "rule", "trigger", "policy", "function", "procedure"}
)

_DEFAULT = re.compile(r" ALTER COLUMN .+ (DROP|SET) DEFAULT", re.DOTALL)


@dataclass
class Changes:
    """The objects of two schemas by what happens to them.

    Args:
        context: The two schemas.
        going: Objects of the first that are dropped, some to be made anew.
        coming: Objects of the second that are made.
        altered: Statements for objects that are changed in place.
        resumed: Columns whose default is taken off and put back, since what it calls is made anew.
    """

    context: Context
    going: set[Key] = field(default_factory=set)
    coming: set[Key] = field(default_factory=set)
    altered: dict[Key, tuple[str, ...]] = field(default_factory=dict)
    resumed: set[Key] = field(default_factory=set)

    def __post_init__(self) -> None:
        before, after = self.context.before, self.context.after
        self.rebuilt: set[Key] = set()
        self.old, self.new = before.catalogue.by_key, after.catalogue.by_key
        self.lineage = Lineage(before.catalogue, after.catalogue)
        self._found = {
            item.object.key: item for item in differences(before.catalogue, after.catalogue)
        }
        self._settle()

    def _settle(self) -> None:
        """Find what goes, and with it the types that are replaced, until nothing is added."""
        for key, item in self._found.items():
            if item.after is None or (item.before and self._in_place(item) is None):
                self.going.add(key)
        while True:
            self._drag()
            known = self.context.replaced
            replaced = frozenset(key for key in self.going if self._is_replaced(key))
            self.context = replace(self.context, replaced=replaced)
            if replaced == known:
                break
        self.rebuilt = {key for key in self.going if self._is_rebuilt(key)}
        self.coming = {key for key in self.new if key not in self.old or key in self.going}
        for key, item in {**self._found, **self._recast()}.items():
            if item.before and item.after and key not in self.going:
                self.altered[key] = self._in_place(item) or ()
        for key in self.resumed & self.altered.keys():
            # Its default is taken off and put back by itself.
            found = self.altered[key]
            self.altered[key] = tuple(text for text in found if not _DEFAULT.search(text))

    def _is_rebuilt(self, key: Key) -> bool:
        """Whether a table or sequence is made anew for itself: what it holds has to be copied."""
        if key not in self.new:
            return False
        column = self.column_of(self.old[key]) if key[0] == "sequence" else None
        return key[0] == "table" or (column is not None and column not in self.going)

    @property
    def set_aside(self) -> frozenset[Key]:
        """What has another name while columns, rows or a position move on from it."""
        return self.context.replaced | self.rebuilt

    def _in_place(self, item: Difference) -> tuple[str, ...] | None:
        """Write what changes an object in place, without what its parents hand down."""
        own = self.lineage.own_change(item)
        if not own.changed and not self._recasts(own):
            return ()
        return ddl.alter(own, self.context)

    def _recasts(self, item: Difference) -> bool:
        return item.object.kind == "column" and item.object.key in self._recast()

    def _recast(self) -> dict[Key, Difference]:
        """Return the columns of replaced types, changed or not, without those of children."""
        found = {}
        for name in self.context.replaced:
            for key in self.context.before.dependencies.on(name):
                old, new = self.old.get(key), self.new.get(key)
                if key[0] != "column" or not old or not new or key in self.going:
                    continue
                if self.is_of_type(old, name) and not self.lineage.above(key):
                    found[key] = Difference(old, new)
        return found

    def _is_replaced(self, key: Key) -> bool:
        """Whether a type is made anew while columns of it stay."""
        return (
            key[0] in TYPES
            and key in self.new
            and any(
                one[0] == "column"
                and one in self.new
                and one not in self.going
                and self.is_of_type(self.old[one], key)
                for one in self.context.before.dependencies.on(key)
            )
        )

    @staticmethod
    def is_of_type(column: SchemaObject, key: Key) -> bool:
        """Whether a column is of a type or of an array of it."""
        return column.attributes["type"].removesuffix("[]").partition("(")[0] == key[1]

    def _drag(self) -> None:
        """Add what cannot stay when something else goes or changes its type."""
        waiting = [*self.going, *self._retyped()]
        seen = set(waiting)
        while waiting:
            key = waiting.pop()
            for one in self.context.before.dependencies.on(key):
                if one in self.going or one not in self.old or not self._goes_with(one, key):
                    continue
                self.going.add(one)
                if one not in seen:
                    seen.add(one)
                    waiting.append(one)

    def _retyped(self) -> list[Key]:
        """Return the columns that stay and whose type or computation changes."""
        changed = {
            key
            for key, item in self._found.items()
            if key[0] == "column"
            and item.before
            and item.after
            and {"type", "collation", "expression"} & set(item.changed)
        }
        return sorted(changed | set(self._recast()))

    def _goes_with(self, one: Key, key: Key) -> bool:
        """Whether an object has to go because of one on which it stands."""
        if key not in self.going:
            return self._refuses(one, key)
        if one[0] == "column":
            return self._column_goes(one, key)
        if one[0] in _STAYING:
            return False
        # What no longer stands on it is changed before it goes.
        changed = self._found.get(one)
        return not (
            changed is not None
            and changed.after is not None
            and key not in self.context.after.dependencies.of(one)
            and self._in_place(changed) is not None
        )

    def _refuses(self, one: Key, column: Key) -> bool:
        """Whether an object stands in the way of another type of a column that stays."""
        item = self.old[one]
        if one[0] == "column":
            return "generated" in item.attributes
        if one[0] == "constraint" and item.attributes["type"] == "foreign key":
            return self._ends_change(item)
        if any(
            column in self.context.before.dependencies.on(name) for name in self.context.replaced
        ):
            return one[0] == "constraint" and item.attributes["type"] == "check"
        return one[0] in _REFUSING

    def _ends_change(self, item: SchemaObject) -> bool:
        """Whether columns at both ends of a foreign key change their type."""
        have = item.attributes
        ends = (
            (item.parent, have.get("columns", "")),
            (have.get("referenced", ""), have.get("referenced_columns", "")),
        )
        retyped = set(self._retyped())
        return all(
            any(("column", f"{table}.{name}") in retyped for name in columns.split(", "))
            for table, columns in ends
        )

    def _column_goes(self, one: Key, key: Key) -> bool:
        """Whether a column goes, noting those whose default has to be put back."""
        item = self.old[one]
        if key[1] == item.parent and key[0] != "column":
            return True
        if key[0] in TYPES and self.is_of_type(item, key):
            return False
        if "generated" in item.attributes:
            return True
        if key in self.new and one in self.new and "default" in item.attributes:
            self.resumed.add(one)
        return False

    def described(self, item: SchemaObject, *, old: bool) -> Key | None:
        """Return what a comment or grant is about."""
        side = self.context.before if old else self.context.after
        return next(iter(side.dependencies.of(item.key)), None)

    def column_of(self, sequence: SchemaObject) -> Key | None:
        """Return the column that owns a sequence."""
        owner = sequence.attributes.get("owned_by")
        return ("column", owner) if owner else None
