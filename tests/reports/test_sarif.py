import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from sample_report import EMPTY, FINDINGS, INDEX, REPORT

from dbspecialist.facts.finding import Location
from dbspecialist.facts.report import Report
from dbspecialist.reports.sarif import render
from dbspecialist.rules.base import all_rules


def run_of(report: Report, root: Path | None = None) -> dict[str, Any]:
    log = json.loads(render(report, root=root))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def test_render_describes_every_rule_once() -> None:
    rules = run_of(REPORT)["tool"]["driver"]["rules"]
    expected = {rule.id for rule in all_rules()} | {item.rule for item in FINDINGS}
    assert [rule["id"] for rule in rules] == sorted(expected)
    described = {rule["id"]: rule for rule in rules}
    for rule in all_rules():
        assert described[rule.id]["shortDescription"] == {"text": rule.title}
        assert described[rule.id]["help"]["markdown"] == rule.doc


def test_render_points_from_results_to_rules() -> None:
    run = run_of(REPORT)
    rules = run["tool"]["driver"]["rules"]
    assert [rules[item["ruleIndex"]]["id"] for item in run["results"]] == [
        item.rule for item in FINDINGS
    ]


def test_render_of_a_finding(tmp_path: Path) -> None:
    result = run_of(replace(REPORT, findings=FINDINGS[4:5]))["results"][0]
    del result["ruleIndex"]
    assert result == {
        "ruleId": "index-foreign-keys",
        "level": "note",
        "message": {
            "text": "public.order_items.coupon_id: no index for the lookup that DELETE on coupons"
            " makes\ntested: no index begins with coupon_id (DELETE planned on the twin)"
        },
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {
                        "uri": "migrations/versions/0013_link_coupons.py",
                        "uriBaseId": "%SRCROOT%",
                    },
                    "region": {"startLine": 19},
                }
            }
        ],
        "partialFingerprints": {"objectAndRule/v1": "7ef137a8e446044883f502343a642ebd"},
        "properties": {
            "relation": "public.order_items",
            "evidence": [
                {
                    "claim": "no index begins with coupon_id",
                    "verdict": "tested",
                    "basis": "DELETE planned on the twin",
                }
            ],
        },
    }


def test_render_leaves_out_the_region_where_no_line_is_known() -> None:
    result = run_of(replace(REPORT, findings=FINDINGS[5:]))["results"][0]
    assert "region" not in result["locations"][0]["physicalLocation"]


def fingerprints(report: Report) -> list[str]:
    results = run_of(report)["results"]
    return [item["partialFingerprints"]["objectAndRule/v1"] for item in results]


def test_fingerprints_stay_when_lines_move() -> None:
    moved = tuple(replace(item, location=Location(item.location.path, 99)) for item in FINDINGS)
    assert fingerprints(replace(REPORT, findings=moved)) == fingerprints(REPORT)


def test_fingerprints_differ_between_findings() -> None:
    found = fingerprints(replace(REPORT, findings=FINDINGS + FINDINGS))
    assert len(set(found)) == 12


def test_fixes_replace_the_whole_file(tmp_path: Path) -> None:
    file = tmp_path / INDEX
    file.parent.mkdir(parents=True)
    file.write_bytes("größe\r\n".encode())
    (fix,) = run_of(replace(REPORT, findings=FINDINGS[1:2]), tmp_path)["results"][0]["fixes"]
    (change,) = fix["artifactChanges"]
    assert change["artifactLocation"]["uri"] == INDEX
    (replacement,) = change["replacements"]
    assert replacement["deletedRegion"] == {"charOffset": 0, "charLength": 7}
    assert replacement["insertedContent"]["text"].startswith("def upgrade() -> None:\n")


def test_fixes_of_a_file_that_is_not_there_yet(tmp_path: Path) -> None:
    result = run_of(replace(REPORT, findings=FINDINGS[1:2]), tmp_path)["results"][0]
    (replacement,) = result["fixes"][0]["artifactChanges"][0]["replacements"]
    assert replacement["deletedRegion"] == {"charOffset": 0, "charLength": 0}


def test_paths_are_written_as_uris() -> None:
    finding = replace(FINDINGS[0], location=Location("my migrations/50%.sql", 1))
    result = run_of(replace(EMPTY, findings=(finding,)))["results"][0]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uri"] == "my%20migrations/50%25.sql"
