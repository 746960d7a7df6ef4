import re
from dataclasses import replace
from pathlib import Path

import pytest
from golden import same_as_golden
from sample_report import ADD_STATUS, BUILD_FIX, EMPTY, FINDINGS, INDEX, MIGRATIONS, REPORT

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.finding import Finding, Location
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.report import Report
from dbspecialist.reports.text import render

COLOUR = re.compile(r"\x1b\[[\d;]*m")


def test_render_in_100_columns() -> None:
    same_as_golden("text-100.txt", render(REPORT))


def test_render_in_80_columns() -> None:
    same_as_golden("text-80.txt", render(REPORT, width=80))


@pytest.mark.parametrize("width", [60, 80, 100])
def test_render_keeps_within_its_width(width: int) -> None:
    assert max(map(len, render(REPORT, width=width).splitlines())) <= width


def test_render_in_colour_says_the_same_words() -> None:
    coloured = render(REPORT, colour=True)
    assert "\x1b[1;31merror" in coloured
    plain = "\n".join(line.rstrip() for line in COLOUR.sub("", coloured).splitlines())
    assert plain == render(REPORT).rstrip("\n")


def test_render_without_migrations() -> None:
    assert render(EMPTY).endswith("\n\n0 migrations, 0 statements: nothing found\nno claims\n")


def test_render_shows_no_control_character_of_a_migration() -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J\u202edrop\r"
    statement = replace(ADD_STATUS, sql=hostile, unchecked=hostile)
    migration = replace(MIGRATIONS[0].migration, title=hostile, path=hostile)
    finding = Finding("a", "error", hostile, Location(hostile), help=hostile)
    report = Report(
        EMPTY.twin, (replace(MIGRATIONS[0], migration=migration, statements=(statement,)),)
    )
    for colour in (False, True):
        shown = COLOUR.sub("", render(replace(report, findings=(finding,)), colour=colour))
        assert not set(shown) & {"\x1b", "\x07", "\u202e", "\r"}
        assert r"\x1b]0;owned\x07\x1b[2J\u202edrop" in shown


def test_render_leaves_square_brackets_as_they_are() -> None:
    finding = Finding("a", "info", "type is integer[], not [red]", Location("a.sql"))
    assert "type is integer[], not [red]" in render(replace(EMPTY, findings=(finding,)))


def test_render_counts_statements_without_an_effect() -> None:
    quiet = MIGRATIONS[3].statements[0]
    long = replace(MIGRATIONS[0], statements=(ADD_STATUS, *[quiet] * 11))
    shown = render(Report(EMPTY.twin, (long,)))
    assert "11 more statements without an effect on existing tables" in shown
    assert "CREATE TABLE notes" not in shown


def test_render_shows_what_a_fix_changes_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / INDEX
    file.parent.mkdir(parents=True)
    file.write_text(
        "def upgrade() -> None:\n    with op.get_context().autocommit_block():\n        pass\n"
    )
    shown = render(replace(REPORT, findings=FINDINGS[1:2]))
    assert (
        "    @@ -1,3 +1,6 @@\n"
        "     def upgrade() -> None:\n"
        "         with op.get_context().autocommit_block():\n"
        "    -        pass\n"
        "    +        op.create_index(\n"
    ) in shown


def test_render_cuts_a_long_change_of_a_file() -> None:
    (phase,) = BUILD_FIX.phases
    (edit,) = phase.edits
    long = replace(edit, text="a line\n" * 100)
    fix = replace(BUILD_FIX, phases=(replace(phase, edits=(long,)),))
    shown = render(replace(EMPTY, findings=(replace(FINDINGS[1], fix=fix),)))
    assert shown.count("+a line") == 39
    assert "61 more lines" in shown


def test_render_shows_a_change_that_fixes_have_in_common_once() -> None:
    again = replace(FINDINGS[1], rule="another-rule")
    shown = render(replace(EMPTY, findings=(FINDINGS[1], again)))
    path = FINDINGS[1].location.path
    assert shown.count(f"--fix writes {path}:\n") == 1
    assert shown.count(f"--fix writes {path}, as above\n") == 1
    assert shown.count("+def upgrade() -> None:") == 1


def test_render_puts_each_of_several_changes_below_its_path() -> None:
    (phase,) = BUILD_FIX.phases
    edits = (FileEdit("a/1.sql", "SELECT 1;\n"), FileEdit("a/2.sql", "SELECT 2;\n"))
    fix = replace(BUILD_FIX, phases=(replace(phase, edits=edits),))
    shown = render(replace(EMPTY, findings=(replace(FINDINGS[1], fix=fix),)))
    assert "--fix writes:\n    a/1.sql\n    @@ -0,0 +1 @@\n    +SELECT 1;\n    a/2.sql\n" in shown


def test_render_shows_a_change_of_a_file_that_is_elsewhere() -> None:
    (phase,) = BUILD_FIX.phases
    (edit,) = phase.edits
    first = edit.text.splitlines()[0]
    read = replace(edit, path="elsewhere/a.py", before=f"{first}\n")
    fix = replace(BUILD_FIX, phases=(replace(phase, edits=(read,)),))
    shown = render(replace(EMPTY, findings=(replace(FINDINGS[1], fix=fix),)))
    assert f"     {first}\n" in shown
    assert f"+{first}" not in shown


def test_render_says_proofs_of_one_basis_in_one_row() -> None:
    evidence = (
        Proof("takes ShareLock on a", "proven", "seen"),
        Proof("builds i over a", "proven", "seen"),
        Proof("a is blocked for 3 s", "unchecked", "estimated"),
        Proof("the way back works", "refuted", "it fails with 42P07"),
    )
    finding = Finding("r", "error", "a: it fails with 42P07", Location("a.sql"), evidence)
    shown = render(replace(EMPTY, findings=(finding,)))
    assert "  proven      takes ShareLock on a; builds i over a: seen\n" in shown
    assert "  unchecked   a is blocked for 3 s: estimated\n" in shown
    assert "  refuted     the way back works\n" in shown
