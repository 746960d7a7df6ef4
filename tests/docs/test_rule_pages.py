from __future__ import annotations

import os
from pathlib import Path

import pytest

from dbspecialist.rules.base import Rule, all_rules
from dbspecialist.rules.pages import HEADINGS, pages

FOLDER = Path(__file__).parents[2] / "docs" / "rules"
#: Writes the pages anew instead of comparing them.
WRITE = "DBS_WRITE_DOCS"


def test_rule_pages_are_those_of_the_rules() -> None:
    made = pages(all_rules())
    if os.environ.get(WRITE):
        FOLDER.mkdir(exist_ok=True)
        for path in FOLDER.glob("*.md"):
            path.unlink()
        for name, text in made.items():
            (FOLDER / name).write_text(text)
    assert {path.name: path.read_text() for path in FOLDER.glob("*.md")} == made, (
        f"run {WRITE}=1 .venv/bin/pytest -n 0 tests/docs/test_rule_pages.py"
    )


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_rule_page_has_its_headings_in_order(rule: Rule) -> None:
    headings = tuple(line[3:] for line in rule.doc.splitlines() if line.startswith("## "))
    assert headings == HEADINGS
