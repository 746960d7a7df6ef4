import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbspecialist.engines.postgresql.script import read_script, split_script
from dbspecialist.engines.postgresql.tokens import tokens
from dbspecialist.facts.errors import InputError
from dbspecialist.twins.cluster import Cluster


def pairs(text: str) -> list[tuple[str, int]]:
    return [(item.sql, item.line) for item in split_script(text)]


def test_split_statements_with_comments_gives_first_token_lines() -> None:
    text = "-- head; not one\n\nselect 1;\n/* a /* ; */ ; */ select\n 2 -- x;\n;\n\nselect 3"
    assert pairs(text) == [("select 1", 3), ("select\n 2 -- x;", 4), ("select 3", 8)]


def test_split_empty_statements_are_left_out() -> None:
    assert pairs(";;\n -- only\n;") == []


@pytest.mark.parametrize(
    "statement",
    [
        "select 'a;b''c;'",
        r"select E'a\';b'",
        r"select E'\\'",
        r"select 'a\'",
        "select $$;$$, $tag$ ; $$ ; $tag$",
        "select a$b$c from d",
        'select "a;""b;" from c',
        "select U&'d!0061t;' uescape '!'",
        "create rule r as on insert to t do also (delete from a; delete from b)",
        "create function f() returns int begin atomic select 1; select case when true then 1 end;"
        " end",
        "create or replace procedure p() begin atomic insert into t values (1); end",
        "select $1, 1:2, a[1:2], b::int, 3-2, 4/2, x -> 'y'",
        "do $body$ begin perform 1; end; $body$",
    ],
)
def test_split_semicolon_within_a_statement_stays(statement: str) -> None:
    assert pairs(f"{statement};\nselect 2;") == [(statement, 1), ("select 2", 2)]


def test_split_begin_outside_a_routine_is_a_statement() -> None:
    assert [sql for sql, _ in pairs("begin; select 1; end;")] == ["begin", "select 1", "end"]


def test_split_copy_takes_its_data_lines() -> None:
    text = "copy t (a, b) from stdin;\n1\t;x\n2\t\\N\n\\.\nselect 1;\n"
    first, second = split_script(text)
    assert (first.sql, first.data) == ("copy t (a, b) from stdin", "1\t;x\n2\t\\N\n")
    assert (second.sql, second.line, second.data) == ("select 1", 5, None)


def test_split_copy_to_stdout_takes_no_data() -> None:
    assert pairs("copy t to stdout;\nselect 1;") == [("copy t to stdout", 1), ("select 1", 2)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select 1;\nselect 'a;\n", "line 2: a quote ('…') begins here and has no end; close it"),
        ("select $a$ ;", "line 1: a dollar quote ($a$) begins here and has no end; close it"),
        ("/* /* */", "line 1: a comment (/* … */) begins here and has no end; close it"),
        ('select "a', 'line 1: a name ("…") begins here and has no end; close it'),
        ("\nselect (1;", "line 2: a parenthesis in the statement has no end; close it"),
        (
            "\\connect other",
            "line 1: \\connect is not run: it goes to another database; take it out of the script",
        ),
        ("select 1;\n\\if true", "line 2: \\if has no \\endif; write one"),
        ("\\endif", "line 1: \\endif has no \\if; take it out of the script"),
        (
            "\\if 1\n\\else\n\\elif 1\n\\endif",
            "line 3: \\elif follows \\else; take it out of the script",
        ),
        (
            "select 1 as a \\gset",
            "line 1: \\gset is not run: its values are known only from rows;"
            " take it out of the script",
        ),
        (
            "\\if :SERVER_VERSION_NUM\n\\endif",
            "line 1: \\if is not run: its condition is known only when the script runs;"
            " take it out of the script",
        ),
        (
            "\\set a `date`",
            "line 1: `…` is not run: it is the output of a program; write its value instead",
        ),
        ("\\copy t from 'x.csv'", "line 1: the file x.csv of \\copy is not there; check the path"),
        (
            "\\copy t from program 'ls'",
            "line 1: \\copy … from program is not run: it runs a program; name a file",
        ),
        ("\\copy t", "line 1: \\copy names no file; write FROM or TO and a file"),
        ("\\! ls", "line 1: \\! is not run: it runs a program; take it out of the script"),
        ("\\i none.sql", "line 1: the included file none.sql is not there; check the path"),
    ],
)
def test_split_unusable_input_says_what_where_and_what_to_do(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        split_script(text)
    assert str(caught.value) == message


def test_split_variables_are_interpolated_as_psql_does() -> None:
    text = """\\set name 'it''s'
\\set t users
select :'name', :t, :"t", :unset, ':t', a::t, :{?t};
"""
    sql = "select 'it''s', users, \"users\", :unset, ':t', a::t, TRUE"
    assert pairs(text) == [(sql, 3)]


def test_split_given_variables_are_known() -> None:
    script = read_script("select :'v';", variables={"v": "1"})
    assert [item.sql for item in script.statements] == ["select '1'"]


def test_split_includes_from_the_files_folder(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "a.sql").write_text("\nselect 1;\n\\ir b.sql\n")
    (tmp_path / "parts" / "b.sql").write_text("select 2;")
    main = tmp_path / "main.sql"
    main.write_text("\\i parts/a.sql\nselect 3;")
    found = split_script(main.read_text(), main)
    assert [(item.sql, item.line, item.path) for item in found] == [
        ("select 1", 2, tmp_path / "parts" / "a.sql"),
        ("select 2", 1, tmp_path / "parts" / "b.sql"),
        ("select 3", 2, None),
    ]


def test_split_file_that_includes_itself_is_refused(tmp_path: Path) -> None:
    main = tmp_path / "main.sql"
    main.write_text("\\i main.sql\n")
    with pytest.raises(InputError, match="more than 20 deep"):
        split_script(main.read_text(), main)


def test_split_printing_commands_are_passed_over_with_a_note() -> None:
    script = read_script(
        "\\restrict abc\n\\timing on\n\\d t\nselect 1 \\g\nselect 2;\n\\q\nselect 3;"
    )
    assert [item.sql for item in script.statements] == ["select 1", "select 2"]
    assert script.notes == ("line 2: \\timing was passed over", "line 3: \\d was passed over")


def test_split_escaped_semicolon_joins_statements() -> None:
    assert pairs("select 1\\; select 2;") == [("select 1; select 2", 1)]


#: A machine that is busy fails no test.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
PIECES = st.sampled_from(
    ["select 1", "select 'a;b'", "select $q$;$q$", 'select ";"', "insert into t values (E'\\';')"]
)
GAPS = st.sampled_from([" ", "\n", "-- c;\n", "/* ; /* ; */ */", "\n\n", ";"])


@UNTIMED
@given(st.lists(st.tuples(GAPS, PIECES)))
def test_split_joined_statements_come_back_with_their_lines(parts: list[tuple[str, str]]) -> None:
    text, expected = "", []
    for gap, piece in parts:
        text += gap
        expected.append((piece, text.count("\n") + 1))
        text += piece + ";"
    assert pairs(text) == expected


@UNTIMED
@given(st.text(alphabet="ab1 ;'\"$\\\n-/*():Ee."))
def test_split_any_text_splits_or_is_refused(text: str) -> None:
    try:
        found = split_script(text)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        lines = text.count("\n") + 1
        assert all(1 <= item.line <= lines and item.sql for item in found)


TRICKY = r"""
-- c ; c
/* a /* ; */ ; */ select 1; select 'a;''b', E'x\';y', $q$;$q$, $$ ; $$, "cast"(1);
create table if not exists "we;ird" (a int, b text default 'x;');
create function f1() returns int language sql
begin atomic select 1; select case when true then 2 else 3 end; end;
create or replace procedure p1() begin atomic insert into "we;ird" values (1); end; select 2;
create rule r1 as on insert to "we;ird" do also (select 1; select 2);
\set v 'it''s'
select :'v', :"v", 1::text, (array[1,2])[1:2]; select :v1;
begin; select 1 \; select 2; end;
select 1
  -- trailing
; select U&'d\0061t;', U&"c" from (select 1 as c) x;
select $1x$; select a$b$c from (select 1 as a$b$c) x;
do $do$ begin perform 1; end $do$;
select 1 as begin; select case when 1 = 1 then ';' end;
select e'\\'; select e''''; select 1 - -1; select 4 /2;
select 3"""


def test_split_sends_what_psql_sends(cluster: Cluster, database: Any, tmp_path: Path) -> None:
    script = tmp_path / "script.sql"
    script.write_text(TRICKY)
    url = cluster.url(database.info.dbname)
    command = [
        cluster.installation.program("psql"),
        "-X",
        "-q",
        "-e",
        "-o",
        "/dev/null",
        "-d",
        url,
        "-f",
        str(script),
    ]
    echoed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    ours = "\n;".join(item.sql for item in split_script(TRICKY))
    assert words(ours) == words(echoed)


def words(text: str) -> list[str]:
    silent = {"space", "line_comment", "block_comment"}
    return [text[item.start : item.end] for item in tokens(text, "") if item.kind not in silent]


def test_whatever_is_not_ascii_is_part_of_a_word() -> None:
    found = [item.kind for item in tokens("é\u00d7\U0001f600$1 :é :'é' :{?é} $é$;$é$ +\u00d7", "x")]
    assert found == [
        *("word", "space", "variable", "space", "variable", "space", "test", "space"),
        *("dollar", "space", "other", "word"),
    ]
