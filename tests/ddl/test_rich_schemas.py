"""Schemas with objects of every kind, made from nothing and taken down to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbspecialist.advisors.schema_diff.renames import Answers
from dbspecialist.engines.postgresql.script import split_script
from dbspecialist.tasks.schema_road import Road
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.sides import open_sides

SCHEMAS = Path(__file__).parent.parent / "engines"


@pytest.mark.parametrize("name", ["rich_schema.sql", "schema_18.sql"])
def test_schema_of_every_kind_is_made_and_taken_down(cluster: Cluster, name: str) -> None:
    path = SCHEMAS / name
    with open_sides(cluster) as sides:
        nothing = sides.empty()
        schema = sides.of_script(split_script(path.read_text(), path), path)
        for start, goal in ((nothing, schema), (schema, nothing)):
            script = Road(sides, start, goal, lambda _: False, Answers(rest=True)).walk()
            found = [(proof.verdict, proof.basis) for proof in script.proofs]
            assert [verdict for verdict, _ in found] == ["proven", "proven"], found
