from __future__ import annotations

import pytest

from dbspecialist.twins.session_reset import reset_after


def test_plans_stay_where_nothing_was_set() -> None:
    statements = reset_after(["BEGIN", "ALTER TABLE", "CREATE INDEX", "COMMIT", "INSERT 0 1"])
    assert "DISCARD ALL" not in statements
    assert "DISCARD PLANS" not in statements
    assert "DISCARD TEMP" in statements


@pytest.mark.parametrize("tag", ["SET", "RESET", "DO", "CALL", "SELECT 1", ""])
def test_plans_go_where_something_may_have_been_set(tag: str) -> None:
    assert reset_after(["CREATE TABLE", tag]) == "DISCARD ALL"
