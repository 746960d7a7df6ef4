"""Where a statement stands among those of its migration."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.tasks.judging import findings_of

UPDATE = StatementEffects("UPDATE app.users SET name = 'n'", 1)


@dataclass(frozen=True, eq=False)
class Incomparable(StatementEffects):
    """A statement that may not be compared with others, field by field."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        raise AssertionError("statements are compared")


def trial(*statements: StatementEffects) -> Trial:
    return Trial(Migration("1", "1.sql", "sql"), statements, Catalogue(), Catalogue())


def test_place_of_statements_that_are_alike() -> None:
    first, second = UPDATE, replace(UPDATE)
    assert [trial(first, second).place(item) for item in (first, second)] == [0, 1]


def test_place_of_a_copy_is_that_of_its_like() -> None:
    assert trial(replace(UPDATE, sql="SELECT 1"), UPDATE).place(replace(UPDATE)) == 1


def test_place_of_a_statement_of_another_trial() -> None:
    with pytest.raises(ValueError, match="not in"):
        trial(UPDATE).place(replace(UPDATE, line=2))


def test_name_before_follows_renames_up_to_a_statement() -> None:
    renaming = replace(UPDATE, sql="ALTER TABLE a RENAME TO b", renames={"public.a": "public.b"})
    before, after = replace(UPDATE), replace(UPDATE)
    seen = trial(before, renaming, after)
    assert seen.name_before("public.b", before) == "public.b"
    assert seen.name_before("public.b", after) == "public.a"


def test_rules_do_not_compare_statements_with_one_another() -> None:
    """Thousands of statements would be compared millions of times."""
    statements = tuple(Incomparable(UPDATE.sql, line) for line in range(1, 5))
    seen = trial(*statements)
    assert seen.place(statements[3]) == 3
    findings_of(Run((seen,)))
