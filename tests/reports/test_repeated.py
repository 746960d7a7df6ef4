from __future__ import annotations

from dataclasses import replace

from sample_report import EMPTY, MIGRATIONS

from dbspecialist.facts.finding import Finding, Location
from dbspecialist.facts.report import Report
from dbspecialist.reports import markdown, text
from dbspecialist.reports._repeated import Repeated

NOTE = Finding("prefer-jsonb", "info", "Column a holds json", Location("a.sql"))


def test_the_first_three_notes_of_a_rule_are_told_and_the_others_counted() -> None:
    repeated = Repeated()
    kept, more = repeated.split([NOTE] * 4)
    assert (len(kept), more) == (3, "1 more of prefer-jsonb")
    kept, more = repeated.split([NOTE, replace(NOTE, rule="other")])
    assert ([one.rule for one in kept], more) == (["other"], "1 more of prefer-jsonb")


def test_errors_and_warnings_are_all_told_and_first() -> None:
    worse = [replace(NOTE, severity="warning")] * 5 + [replace(NOTE, severity="error")] * 5
    kept, more = Repeated().split([NOTE, *worse])
    assert [one.severity for one in kept] == ["error"] * 5 + ["warning"] * 5 + ["info"]
    assert more == ""


def test_reports_say_how_many_more_there_are() -> None:
    path = MIGRATIONS[3].migration.path
    notes = tuple(replace(NOTE, location=Location(path)) for _ in range(9))
    report = Report(EMPTY.twin, MIGRATIONS[3:], notes)
    assert text.render(report).count("Column a holds json") == 3
    assert "info        and 6 more of prefer-jsonb" in text.render(report)
    assert "🔵 info and 6 more of prefer-jsonb" in markdown.render(report)
