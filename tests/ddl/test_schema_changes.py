"""Each kind of schema change, executed on the engine in both directions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dbspecialist.advisors.schema_diff.candidates import Candidate
from dbspecialist.advisors.schema_diff.renames import Answers, read_answers
from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.engines.postgresql.script import split_script
from dbspecialist.tasks.schema_road import Road
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.sides import Sides, open_sides

FILE = Path(__file__).with_name("changes.yaml")
CASES: list[dict[str, Any]] = yaml.safe_load(FILE.read_text())


@pytest.fixture
def sides(cluster: Cluster) -> Iterator[Sides]:
    with open_sides(cluster) as opened:
        yield opened


def database(sides: Sides, case: dict[str, Any], key: str) -> str:
    text = f"{case.get('both', '')};\n{case[key]}"
    return sides.of_script(split_script(text), FILE)


def refuse(candidate: Candidate) -> bool:
    raise AssertionError(candidate.question())


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_script_ends_in_the_other_schema_and_back(sides: Sides, case: dict[str, Any]) -> None:
    start, goal = database(sides, case, "from"), database(sides, case, "to")
    with sides.connect(start) as one, sides.connect(goal) as other:
        answers = read_answers(case.get("renames", {}), read_catalogue(one), read_catalogue(other))
    road = Road(sides, start, goal, refuse, answers)
    up = road.walk()
    back = Road(sides, goal, start, refuse, road.answers.reversed()).walk()
    for script in (up, back):
        told = "\n".join((*script.statements, *(proof.basis for proof in script.proofs)))
        assert [proof.verdict for proof in script.proofs] == ["proven", "proven"], told
    assert up.statements
    if "up" in case:
        assert list(up.statements) == case["up"]
    if "loses" in case:
        assert list(up.losses) == case["loses"]
    if case.get("keeps"):
        assert up.losses == back.losses == ()


def test_equal_schemas_need_nothing(sides: Sides) -> None:
    for case in CASES[:3]:
        one, other = database(sides, case, "to"), database(sides, case, "to")
        assert Road(sides, one, other, refuse, Answers()).walk().statements == ()
