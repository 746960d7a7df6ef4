import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from golden import same_as_golden
from sample_report import ADD_STATUS, EMPTY, MIGRATIONS, REPORT

import dbspecialist.reports
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.report import Report
from dbspecialist.reports.json import as_object, render

SCHEMA: dict[str, Any] = json.loads(
    (Path(dbspecialist.reports.__file__).parent / "report.schema.json").read_text()
)


def test_render_of_the_sample() -> None:
    same_as_golden(
        "report.json", render(REPORT).replace(as_object(REPORT)["dbspecialist"], "VERSION")
    )


@pytest.mark.parametrize("report", [REPORT, EMPTY])
def test_render_fits_the_schema(report: Report) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads(render(report)), SCHEMA)


def test_schema_refuses_another_verdict() -> None:
    written = json.loads(render(REPORT))
    written["migrations"][0]["round_trip"]["verdict"] = "likely"
    with pytest.raises(jsonschema.ValidationError, match="'likely' is not one of"):
        jsonschema.validate(written, SCHEMA)


def blocked(statement: Any) -> Any:
    item = replace(MIGRATIONS[0], statements=(statement,))
    return as_object(Report(EMPTY.twin, (item,)))["migrations"][0]["statements"][0]


def test_blocked_ms_estimate_is_the_longest_of_all_relations() -> None:
    statement = replace(ADD_STATUS, blocked_ms={"public.a": 5.0, "public.b": 7.0})
    assert blocked(statement)["blocked_ms_estimate"] == 7.0


def test_blocked_ms_estimate_is_null_where_a_lock_blocks_for_an_unknown_time() -> None:
    assert blocked(replace(ADD_STATUS, blocked_ms={}))["blocked_ms_estimate"] is None


def test_blocked_ms_estimate_is_0_where_nothing_waits() -> None:
    assert blocked(replace(ADD_STATUS, blocked_ms={}, locks=()))["blocked_ms_estimate"] == 0


def test_rows_modified_are_added_up() -> None:
    statement = replace(ADD_STATUS, rows_modified={"public.a": 5.0, "public.b": 7.0})
    assert blocked(statement)["rows_modified"] == 12


def test_rows_modified_are_integers() -> None:
    statement = replace(ADD_STATUS, rows_modified={"public.a": 99_692.7, "public.b": 1e20})
    by_relation = blocked(statement)["rows_modified_by_relation"]
    assert repr(by_relation) == "{'public.a': 99693, 'public.b': 1e+20}"


def test_numbers_beyond_counting_stay_json() -> None:
    statement = replace(ADD_STATUS, blocked_ms={"public.a": float("inf")})
    assert blocked(statement)["blocked_ms_estimate"] == 1e308


def test_render_holds_every_fact_of_a_statement_and_a_finding() -> None:
    written = as_object(REPORT)
    facts = {item.name for item in fields(StatementEffects)} - {"blocked_ms", "names"}
    assert facts <= written["migrations"][0]["statements"][0].keys()
    assert {item.name for item in fields(Finding)} <= written["findings"][0].keys()
