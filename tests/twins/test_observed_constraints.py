from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from dbspecialist.facts.effects import ConstraintChange
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.observed.observer import Observer
from dbspecialist.twins.stage import open_stage


@pytest.fixture
def observer(cluster: Cluster) -> Iterator[Observer]:
    with (
        open_stage(None, cluster=cluster) as stage,
        stage.database() as database,
        stage.observer(database) as observer,
    ):
        yield observer


def changes(observer: Observer, *statements: str) -> list[tuple[ConstraintChange, ...]]:
    observer.take()
    with psycopg.connect(observer.url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
    return [item.effects.constraints for item in observer.take()]


def test_foreign_key_added_not_valid_and_validated(observer: Observer) -> None:
    seen = changes(
        observer,
        "CREATE TABLE p(id int PRIMARY KEY)",
        "CREATE TABLE c(p_id int)",
        "BEGIN",
        "ALTER TABLE c ADD CONSTRAINT c_p FOREIGN KEY (p_id) REFERENCES p NOT VALID",
        "ALTER TABLE c VALIDATE CONSTRAINT c_p",
        "COMMIT",
    )
    definition = "FOREIGN KEY (p_id) REFERENCES public.p(id)"
    assert seen[2:] == [
        (
            ConstraintChange(
                "public.c",
                "c_p",
                "foreign key",
                f"{definition} NOT VALID",
                valid=False,
                added=True,
                referenced="public.p",
            ),
        ),
        (
            ConstraintChange(
                "public.c",
                "c_p",
                "foreign key",
                definition,
                valid=True,
                added=False,
                referenced="public.p",
            ),
        ),
    ]


def test_constraint_validated_in_a_later_transaction_is_not_added(observer: Observer) -> None:
    seen = changes(
        observer,
        "CREATE TABLE c(a int)",
        "ALTER TABLE c ADD CONSTRAINT positive CHECK (a > 0) NOT VALID",
        "ALTER TABLE c VALIDATE CONSTRAINT positive",
    )
    assert [(item.valid, item.added) for change in seen[1:] for item in change] == [
        (False, True),
        (True, False),
    ]


def test_key_names_its_index(observer: Observer) -> None:
    seen = changes(observer, "CREATE TABLE t(a int)", "ALTER TABLE t ADD UNIQUE (a)")
    assert [(item.kind, item.index) for item in seen[1]] == [("unique", "public.t_a_key")]


def test_check_names_functions_that_are_not_immutable(observer: Observer) -> None:
    seen = changes(
        observer, "CREATE TABLE t(a timestamptz, CHECK (a < now() + random() * interval '1 day'))"
    )
    assert seen[0][0].unstable == (
        "now (stable)",
        "random (volatile)",
        "timestamptz_pl_interval (stable)",
    )


def test_constraint_of_a_domain_is_told_with_the_domain(observer: Observer) -> None:
    seen = changes(
        observer,
        "CREATE DOMAIN amount AS int",
        "DO $$ BEGIN ALTER DOMAIN amount ADD CONSTRAINT positive CHECK (value > 0); "
        "EXCEPTION WHEN others THEN RAISE; END $$",
    )
    assert [(item.relation, item.name, item.kind) for item in seen[1]] == [
        ("public.amount", "positive", "domain")
    ]


def test_statement_without_constraints_tells_none(observer: Observer) -> None:
    assert changes(observer, "CREATE TABLE t(a int)", "ALTER TABLE t ADD b int") == [(), ()]
