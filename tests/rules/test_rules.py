from __future__ import annotations

from pathlib import Path

import pytest
from cases import RULES, Case, all_cases, check_case, run_case
from mysql_cases import run_mysql_case
from sqlite_cases import run_sqlite_case

from dbspecialist.rules.base import all_rules
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.mysql.server import Server

CASES = list(all_cases())
MYSQL_CASES = [case for case in CASES if case.engine == "mariadb"]
SQLITE_CASES = [case for case in CASES if case.engine == "sqlite"]
POSTGRESQL_CASES = [case for case in CASES if case.engine == "postgresql"]


@pytest.mark.parametrize("case", POSTGRESQL_CASES, ids=lambda case: f"{case.rule}: {case.name}")
def test_rule_case_holds_on_the_engine(case: Case, cluster: Cluster, tmp_path: Path) -> None:
    check_case(case, *run_case(case, cluster, tmp_path))


@pytest.mark.needs_mariadb
@pytest.mark.parametrize("case", MYSQL_CASES, ids=lambda case: f"{case.rule}: {case.name}")
def test_rule_case_holds_on_mariadb(case: Case, mariadb: Server, tmp_path: Path) -> None:
    check_case(case, *run_mysql_case(case, mariadb, tmp_path))


@pytest.mark.parametrize("case", SQLITE_CASES, ids=lambda case: f"{case.rule}: {case.name}")
def test_rule_case_holds_on_sqlite(case: Case, tmp_path: Path) -> None:
    check_case(case, *run_sqlite_case(case, tmp_path))


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_rule_has_cases_that_fire_and_cases_that_stay_silent(rule) -> None:  # type: ignore[no-untyped-def]
    cases = [case for case in CASES if case.rule == rule.id]
    assert any("finds" in case.data for case in cases)
    assert any("finds" not in case.data for case in cases)


def test_every_case_file_belongs_to_a_rule() -> None:
    ids = {rule.id for rule in all_rules()}
    assert {path.stem.replace("_", "-") for path in RULES.rglob("*.yaml")} <= ids
