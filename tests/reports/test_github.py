from dataclasses import replace

from golden import same_as_golden
from sample_report import EMPTY, REPORT

from dbspecialist.facts.finding import Finding, Location
from dbspecialist.reports.github import render


def test_render_of_the_sample() -> None:
    same_as_golden("github.txt", render(REPORT))


def test_render_without_findings() -> None:
    assert render(EMPTY) == (
        "0 migrations on a twin (PostgreSQL 18.6): 0 errors, 0 warnings, 0 info\n"
    )


def test_render_escapes_what_would_end_a_property_or_a_command() -> None:
    finding = Finding("a-rule", "info", "50%\nof::error::b, c", Location("a,b:c%.sql", 3))
    first = render(replace(EMPTY, findings=(finding,))).splitlines()[0]
    assert first == ("::notice file=a%2Cb%3Ac%25.sql,line=3,title=a-rule::50%25%0Aof::error::b, c")


def test_render_cannot_be_given_a_command_by_a_migration() -> None:
    finding = Finding("a-rule", "info", "a\r\n::set-output name=x::y", Location("a\n::b.sql"))
    shown = render(replace(EMPTY, findings=(finding,)))
    assert [line[:9] for line in shown.splitlines()] == ["::notice ", "0 migrati"]
