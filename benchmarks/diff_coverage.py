"""Count the kinds of schema change that come out complete: by us, and by Alembic's autogenerate.

The changes are those of tests/ddl/changes.yaml, one at a time, on a real engine. A change is
complete when the catalogue afterwards equals that of the wanted schema. Alembic gets the wanted
schema as metadata that SQLAlchemy reflected from it, and compares types and server defaults.

    python benchmarks/diff_coverage.py
    python benchmarks/diff_coverage.py --every 10
"""

from __future__ import annotations

import argparse
import logging
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy
import yaml
from alembic.autogenerate import produce_migrations
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.operations.ops import OpContainer

from dbspecialist.advisors.schema_diff.renames import read_answers
from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.engines.postgresql.script import split_script
from dbspecialist.facts.catalogue import differences
from dbspecialist.facts.comparison import comparable
from dbspecialist.tasks.schema_road import RUNNERS, Road
from dbspecialist.twins.sides import RUNNER, Sides, open_sides

CHANGES = Path(__file__).parent.parent / "tests" / "ddl" / "changes.yaml"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--every", type=int, default=1, metavar="N", help="each Nth change only")
    given = options.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    cases = yaml.safe_load(CHANGES.read_text())[:: given.every]
    counted = {"dbs": 0, "Alembic": 0}
    for case in cases:
        with open_sides() as sides:
            start, goal = (database(sides, case, key) for key in ("from", "to"))
            found = {"dbs": by_us(sides, case, start, goal), "Alembic": alembic(sides, start, goal)}
        for tool, is_complete in found.items():
            counted[tool] += is_complete
        words = "  ".join(f"{tool} {'yes' if done else 'no':3}" for tool, done in found.items())
        print(f"{words}  {case['name']}", flush=True)
    for tool, number in counted.items():
        print(f"{tool}: {number} of {len(cases)}")


def database(sides: Sides, case: dict[str, Any], key: str) -> str:
    return sides.of_script(split_script(f"{case.get('both', '')};\n{case[key]}"), CHANGES)


def by_us(sides: Sides, case: dict[str, Any], start: str, goal: str) -> bool:
    """Whether our script is proven, with the renames that the case tells."""
    with sides.connect(start) as one, sides.connect(goal) as other:
        answers = read_answers(case.get("renames", {}), read_catalogue(one), read_catalogue(other))
    return Road(sides, start, goal, lambda _: False, answers).walk().proven


def alembic(sides: Sides, start: str, goal: str) -> bool:
    """Whether what autogenerate writes runs and ends in the wanted catalogue."""
    work = sides.copy(start)
    try:
        with engine(sides, goal).connect() as connection:
            schemas = sqlalchemy.inspect(connection).get_schema_names()
            metadata = sqlalchemy.MetaData()
            for schema in schemas:
                if schema != "information_schema":
                    metadata.reflect(connection, schema=None if schema == "public" else schema)
        with engine(sides, work).connect() as connection:
            connection.execute(sqlalchemy.text(f"SET ROLE {RUNNER}"))
            context = MigrationContext.configure(
                connection, opts={"compare_server_default": True, "include_schemas": True}
            )
            script = produce_migrations(context, metadata)
            assert script.upgrade_ops is not None
            run(Operations(context), script.upgrade_ops.ops)
            connection.commit()
    except (sqlalchemy.exc.SQLAlchemyError, psycopg.Error, NotImplementedError):
        return False
    with sides.connect(work) as one, sides.connect(goal) as other:
        return not differences(*comparable(read_catalogue(one), read_catalogue(other), RUNNERS))


def engine(sides: Sides, name: str) -> sqlalchemy.Engine:
    return sqlalchemy.create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(sides.cluster.url(name)),
        poolclass=sqlalchemy.NullPool,
    )


def run(operations: Operations, found: Iterable[Any]) -> None:
    for operation in found:
        if isinstance(operation, OpContainer):
            run(operations, operation.ops)
        else:
            operations.invoke(operation)


if __name__ == "__main__":
    main()
