from dataclasses import replace

from golden import same_as_golden
from sample_report import EMPTY, FINDINGS, MIGRATIONS, REPORT

from dbspecialist.facts.finding import Finding, Location
from dbspecialist.facts.report import Report
from dbspecialist.reports.markdown import LONGEST, code, fenced, html, render, text


def test_render_of_the_sample() -> None:
    same_as_golden("comment.md", render(REPORT))


def test_render_without_migrations() -> None:
    assert render(EMPTY) == (
        "## What the migrations do to production\n"
        "\n"
        "0 migrations, 0 statements: nothing found."
        " Run on a twin (PostgreSQL 18.6) of `examples/shop/prod.snapshot`.\n"
        "\n"
    )


def test_render_stays_below_what_github_takes() -> None:
    many = render(replace(REPORT, migrations=MIGRATIONS * 40))
    assert len(many) < LONGEST
    assert "more sections left out: run `dbs prove` to read all." in many


def test_render_of_more_migrations_than_a_table_holds() -> None:
    many = render(Report(EMPTY.twin, MIGRATIONS * 1000))
    assert len(many) < LONGEST
    assert " more migrations | | | | |\n" in many


def test_render_where_the_first_section_is_too_long() -> None:
    long = replace(FINDINGS[0], message="a" * LONGEST)
    shown = render(replace(REPORT, findings=(long,)))
    assert len(shown) < LONGEST
    assert "left out: run `dbs prove` to read all." in shown


def test_render_calls_nobody_and_makes_no_html() -> None:
    said = "@team <img src=x> #12 [a](http://b) | c"
    finding = Finding("a-rule", "info", said, Location("<b>.sql"))
    shown = render(replace(EMPTY, findings=(finding,)))
    assert r"@<!-- -->team \<img src=x\> #<!-- -->12 \[a\](http://b) \| c" in shown
    assert "<b>" not in shown


def test_text_is_one_line() -> None:
    assert text("a_b\n  `c` 2*3") == r"a\_b \`c\` 2\*3"


def test_code_with_backticks_and_bars() -> None:
    assert (code("a"), code("a`b"), code("a|b")) == ("`a`", "`` a`b ``", r"`a\|b`")


def test_fenced_with_a_fence_inside() -> None:
    assert fenced("a\n```\nb", "sql") == "````sql\na\n```\nb\n````"


def test_html_of_a_path() -> None:
    assert html("a&b<c>") == "a&amp;b&lt;c&gt;"
