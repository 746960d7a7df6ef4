"""Scripts that go by what they are answered: what is sent is what psql sends."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from test_script import words

from dbspecialist.engines.postgresql.script import (
    NotOneRowError,
    Rows,
    ScriptStatement,
    foresee_script,
    run_script,
)
from dbspecialist.twins.cluster import Cluster

Database = Any

SCRIPTS = {
    "branches": r"""
\set on_ true
\if :on_
select 'then';
\else
select 'else';
\endif
\if false
select 'skipped;' \g nowhere
\elif yes
select 'elif';
\elif true
select 'second elif';
\else
select 'else';
\endif
\if f
  \if true
  select 'inner';
  \else
  select 'inner else';
  \endif
  \set on_ off
  \i nowhere.sql
\endif
select :'on_', :{?on_}, :{?off_} \if 0
  , 1 \else ignored
  , 2 \endif
  , 3;
\if :{?on_} \\ select 'on one line'; \endif
\if of
select 'of is no word of psql that is true';
\endif
\if maybe
select 'maybe';
\else
select 'no Boolean is false';
\endif
""",
    "answers": r"""
create table t (a int primary key, b text);
insert into t values (1, 'it''s'), (2, null);
select count(*) as number, 'x' || 'y' as "Word", null as nothing from t \gset
\set nothing_before :nothing
select :number, :'Word' as :"Word", :{?nothing};
select b from t where a = 1 \gset row_
select :'row_b';
select exists (select from t where a = 2) as two, :SERVER_VERSION_NUM >= 140000 as recent \gset
\if :two
update t set b = 'two' where a = 2;
\else
drop table t;
\endif
\if :recent
select 'recent';
\else
select 'old';
\endif
select 1 as a, 2 as b \g
select 3 as c \gx
\if :ROW_COUNT
select :ROW_COUNT, :'SQLSTATE', :'ERROR';
\endif
""",
    "written statements": r"""
create table t (a int, b int);
select format('create index on t (%I)', name), case name when 'b' then 'analyze t' end
from (values ('a'), ('b')) as columns (name) \gexec
select 'select 1', null, 'select 2' union all select 'select 3', 'select 4', null order by 1 \gexec
""",
    "the statement before": r"""
select 1 as one;
\gset
select :one;
\g
""",
    "files": r"""
create table t (a int, b text);
\copy t from 'rows.csv' with (format csv, header)
\copy t (a) from stdin
3
4
\.
\copy (select * from t where b is not null) to stdout
\i parts/one.sql
\ir parts/two.sql
select 'after' \i parts/open.sql
  , 'goes on';
""",
    "quotes": r"""
\set a 'it''s' ' two' 'lines\nhere \101\x42\'c'
\set b "kept" :a
\set c plain:a
\set quoted :'a'
select :'a', :'b', :'c';
select :quoted as text;
\set d
select ':a', ':d' :d, $$:a$$, a[1:2] from (select array[1, 2] as a) x;
\unset a
select 1 as a \g
""",
}
FILES = {
    "rows.csv": "a,b\n1,one\n2,\n",
    "parts/one.sql": (
        "select 'one';\n\\ir two.sql\n\\if 1\nselect 'ends here'\n\\q\n\\endif\nselect 9;"
    ),
    "parts/two.sql": "select 'two'",
    "parts/open.sql": "select 'within';\n",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_run_sends_what_psql_sends(
    name: str, cluster: Cluster, database: Database, tmp_path: Path
) -> None:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    script = tmp_path / "script.sql"
    script.write_text(SCRIPTS[name])
    url = cluster.url(database.info.dbname)
    psql = cluster.installation.program("psql")
    command = [psql, "-X", "-q", "-e", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-d", url]
    ran = subprocess.run(
        [*command, "-f", str(script)], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert "ERROR" not in ran.stderr, ran.stderr
    database.execute("drop table if exists t")
    sent: list[str] = []
    run_script(script.read_text(), script, of_connection(database), sending(database, sent))
    assert words(" ".join(sent)) == [word for word in words(ran.stdout) if word != ";"]


def of_connection(database: Database) -> dict[str, str]:
    return {"SERVER_VERSION_NUM": str(database.info.server_version)}


def sending(database: Database, sent: list[str]) -> Any:
    def send(statement: ScriptStatement) -> Rows:
        sent.append(statement.sql)
        connection = database.pgconn
        result = connection.exec_(statement.sql.encode())
        if statement.data is not None:
            connection.put_copy_data(statement.data.encode())
            connection.put_copy_end()
            result = connection.get_result()
            assert connection.get_result() is None
        elif "to stdout" in statement.sql.lower():
            while connection.get_copy_data(0)[0] > 0:
                pass
            result = connection.get_result()
        assert not connection.error_message, connection.error_message
        names = tuple((result.fname(n) or b"").decode() for n in range(result.nfields))
        values = tuple(
            tuple(cell(result.get_value(row, n)) for n in range(result.nfields))
            for row in range(result.ntuples)
        )
        return Rows(names, values, len(values))

    return send


def cell(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


@pytest.mark.parametrize("rows", [0, 2])
def test_gset_without_one_row_is_refused(rows: int, database: Database) -> None:
    text = f"select n as a from generate_series(1, {rows}) n \\gset\n"
    with pytest.raises(NotOneRowError) as caught:
        run_script(text, Path("x.sql"), {}, sending(database, []))
    assert str(caught.value) == (
        f"x.sql:1: \\gset gets {rows} rows, and needs one; write a query of one row"
    )


def test_foreseen_is_what_no_answer_decides() -> None:
    script = foresee_script(SCRIPTS["answers"])
    assert script.asks
    assert [item.sql.partition(" ")[0] for item in script.statements] == [
        *("create", "insert", *["select"] * 7),
    ]
    assert "drop" not in str(script.statements)


def test_foreseen_whole_is_what_needs_no_answer() -> None:
    script = foresee_script("\\set a 1\n\\if :a\nselect :a;\n\\else\nselect 2;\n\\endif\n")
    assert ([item.sql for item in script.statements], script.asks) == (["select 1"], False)


def test_copy_of_a_file_outside_is_refused(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "rows.csv").write_text("1\n")
    script = tmp_path / "inside" / "a.sql"
    for name in (tmp_path / "rows.csv", "../rows.csv"):
        with pytest.raises(Exception, match=r"lies outside of the script's folder; move it"):
            foresee_script(f"\\copy t from '{name}'\n", script)
