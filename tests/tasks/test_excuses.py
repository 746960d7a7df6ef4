from pathlib import Path

import pytest

from dbspecialist.facts.finding import Finding, Location
from dbspecialist.tasks.excuses import Excuse, apply_excuses, excuses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "-- dbs: ignore build-index-concurrently the table is new\nCREATE INDEX a ON b (c);\n",
            Excuse("build-index-concurrently", "the table is new", 1, 2),
        ),
        (
            "CREATE INDEX a ON b (c); -- dbs: ignore build-index-concurrently: nobody reads it\n",
            Excuse("build-index-concurrently", "nobody reads it", 1, 1),
        ),
        (
            "def upgrade():\n    # dbs: ignore keep-column the app is off\n    op.drop_column()\n",
            Excuse("keep-column", "the app is off", 2, 3),
        ),
        (
            "await q.query(x); // dbs: ignore a-rule done by night",
            Excuse("a-rule", "done by night", 1, 1),
        ),
        (
            "--dbs:ignore-file a-rule a copy of production\n",
            Excuse("a-rule", "a copy of production", 1, None),
        ),
        ("-- dbs: ignore a-rule   \nSELECT 1;", Excuse("a-rule", "", 1, 2)),
        ("-- dbs: ignore a-rule why\n\n-- a note\nSELECT 1;", Excuse("a-rule", "why", 1, 4)),
        ("-- dbs: ignore a-rule at the end", Excuse("a-rule", "at the end", 1, 1)),
    ],
)
def test_excuses(text: str, expected: Excuse) -> None:
    assert excuses(text) == (expected,)


@pytest.mark.parametrize(
    "text", ["", "-- ignore a-rule why", "-- dbs: ignore", "dbs: ignore a-rule why"]
)
def test_excuses_of_other_comments(text: str) -> None:
    assert excuses(text) == ()


def test_excuses_above_one_another_cover_the_same_line() -> None:
    found = excuses("-- dbs: ignore a why\n-- dbs: ignore b why\nSELECT 1;\n")
    assert [item.covers for item in found] == [3, 3]


def finding(rule: str, line: int | None, path: str = "a.sql") -> Finding:
    return Finding(rule, "error", "b", Location(path, line))


def test_apply_excuses_drops_what_is_excused(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("-- dbs: ignore a-rule why\nSELECT 1;\nSELECT 2;\n")
    kept = (finding("b-rule", 2), finding("a-rule", 3))
    assert apply_excuses([finding("a-rule", 2), *kept], tmp_path) == kept


def test_apply_excuses_of_the_whole_file(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("SELECT 1;\nSELECT 2;\n-- dbs: ignore-file a-rule why\n")
    found = [finding("a-rule", 1), finding("a-rule", None), finding("a-rule", 1, "b.sql")]
    assert apply_excuses(found, tmp_path) == (finding("a-rule", 1, "b.sql"),)


def test_apply_excuses_without_a_reason(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("SELECT 1; -- dbs: ignore a-rule\n")
    kept, added = apply_excuses([finding("a-rule", 1)], tmp_path)
    assert kept == finding("a-rule", 1)
    assert (added.rule, added.severity, added.location) == (
        "give-a-reason-for-ignores",
        "info",
        Location("a.sql", 1),
    )
    assert added.message == "dbs: ignore a-rule gives no reason and excuses nothing"


def test_apply_excuses_that_are_unused(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("-- dbs: ignore avoid-truncate why\nSELECT 1;\n")
    (added,) = apply_excuses([], tmp_path, ["a.sql"])
    assert (added.rule, added.severity, added.location) == (
        "remove-unused-ignores",
        "info",
        Location("a.sql", 1),
    )
    assert (
        added.message == "dbs: ignore avoid-truncate excuses nothing: the rule is silent on line 2"
    )


def test_apply_excuses_where_the_file_is_gone(tmp_path: Path) -> None:
    assert apply_excuses([finding("a-rule", 1)], tmp_path) == (finding("a-rule", 1),)


def test_excuse_in_a_literal_excuses_nothing(tmp_path: Path) -> None:
    text = "SELECT '-- dbs: ignore build-index-concurrently text'; CREATE INDEX i ON t (a);"
    (tmp_path / "m.sql").write_text(text)
    finding = Finding("build-index-concurrently", "error", "x", Location("m.sql", 1))
    assert apply_excuses([finding], tmp_path) == (finding,)


def test_excuse_of_a_rule_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("SELECT 1; -- dbs: ignore build-indexes-concurrently why\n")
    (added,) = apply_excuses([], tmp_path, ["a.sql"])
    assert added.message == (
        "dbs: ignore build-indexes-concurrently excuses nothing: there is no such rule; did you "
        "mean build-index-concurrently?"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.sql", "SELECT 1;\nCREATE INDEX i\n  ON t\n  (a); -- dbs: ignore a-rule why\n"),
        ("a.sql", "SELECT 1;\nCREATE INDEX i\n  ON t -- dbs: ignore a-rule why\n  (a);\n"),
        ("a.py", "x = 1\nop.execute(\n    'SELECT 1'\n)  # dbs: ignore a-rule why\n"),
        ("a.py", "x = 1\nop.execute(\n    'SELECT 1'  # dbs: ignore a-rule why\n)\n"),
    ],
)
def test_excuse_behind_a_line_of_a_statement_covers_the_statement(
    tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    kept = finding("a-rule", 1, name)
    assert apply_excuses([kept, finding("a-rule", 2, name)], tmp_path) == (kept,)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.sql", "SELECT $$ -- dbs: ignore a-rule why $$; CREATE INDEX i ON t (a);"),
        ("m.sql", 'SELECT 1 AS "-- dbs: ignore a-rule why";'),
        ("m.py", "op.execute(\"SELECT '# dbs: ignore a-rule why'\"); op.drop_table('t')"),
        ("m.py", "op.execute('SELECT \\'-- dbs: ignore a-rule why\\'')"),
        ("m.py", "op.execute('SELECT 1 # dbs: ignore a-rule why')"),
        ("m.ts", "await q.query(`SELECT '// dbs: ignore a-rule why'`)"),
        ("m.js", 'q("see // dbs: ignore a-rule why")'),
    ],
)
def test_excuse_in_quotes_of_any_language_excuses_nothing(
    tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    assert apply_excuses([finding("a-rule", 1, name)], tmp_path) == (finding("a-rule", 1, name),)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.py", "op.execute('SELECT 1')  # dbs: ignore a-rule why"),
        ("m.py", "op.execute('SELECT 1 -- dbs: ignore a-rule why')"),
        ("m.ts", "await q.query(`SELECT '1' -- dbs: ignore a-rule why\n`)"),
        ("m.ts", "await q.query(`SELECT '1'`) // dbs: ignore a-rule why"),
        ("m.ts", "/* dbs */ q('it\\'s'); // dbs: ignore a-rule why"),
        ("m.sql", "SELECT 'it''s'; /* -- dbs: ignore a-rule why */"),
        ("m.sql", "SELECT 'not closed -- dbs: ignore a-rule why"),
    ],
)
def test_excuse_beside_quotes_holds(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert apply_excuses([finding("a-rule", 1, name)], tmp_path) == ()


RUN = "await q.query("


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.sql", "CREATE INDEX a\n-- dbs: ignore a-rule why\nON b (c);\n", 1),
        ("a.py", 'run(\n    "a",  # dbs: ignore a-rule why\n    "b",\n)\n', 1),
        ("a.py", 'found = all(\n    run("a")\n)  # dbs: ignore a-rule why\n', 2),
        ("a.py", 'run(\n    # dbs: ignore a-rule why\n    "b",\n)\n', 1),
        (
            "a.py",
            'run("""\n    ALTER TABLE a\n    -- dbs: ignore a-rule why\n    ADD b int""")\n',
            1,
        ),
        ("a.ts", f"up() {{\n{RUN}\n'a', // dbs: ignore a-rule why\n);\n}}\n", 2),
        ("a.ts", f"up() {{\n{RUN}\n'a',\n); // dbs: ignore a-rule why\n}}\n", 2),
        ("a.ts", f"{RUN}`\nALTER TABLE a -- dbs: ignore a-rule why\nADD b int`);\n", 1),
        ("a.js", f"{RUN}`\nALTER TABLE a\nADD b int`); // dbs: ignore a-rule why\n", 1),
        ("a.js", "q.make(new Table({\nname: 'a', // dbs: ignore a-rule why\n}), true)\n", 1),
        ("a.js", "q.make({\ncolumns: [{ a: 1 }],\nb: 2 }) // dbs: ignore a-rule why\n", 1),
        ("a.js", f"t(async () => {{\n{RUN}\n'a') // dbs: ignore a-rule why\n}})\n", 2),
        ("a.js", "q\n.query(\n'a') // dbs: ignore a-rule why\n", 2),
        ("a.ts", f"a({{ f() {{ b() }}, c:\n1 }}) // dbs: ignore a-rule why\n{RUN}'a')\n", 1),
    ],
)
def test_excuse_on_any_line_of_a_statement_covers_it(
    tmp_path: Path, name: str, text: str, line: int
) -> None:
    (tmp_path / name).write_text(text)
    assert apply_excuses([finding("a-rule", line, name)], tmp_path) == ()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{RUN}\n'a') // dbs: ignore a-rule why\n{RUN}'b')\n", 3),
        (f"t(async () => {{\n{RUN}'a') // dbs: ignore a-rule why\n{RUN}\n'b')\n}})\n", 3),
        (f"if (a) {{\n{RUN}'a')\n}} // dbs: ignore a-rule why\n{RUN}'b')\n", 4),
        (f"const a = {{ b: 1 }} // dbs: ignore a-rule why\n{RUN}'b')\n", 2),
    ],
)
def test_excuse_of_javascript_covers_no_other_statement(
    tmp_path: Path, text: str, line: int
) -> None:
    (tmp_path / "a.ts").write_text(text)
    found = finding("a-rule", line, "a.ts")
    assert found in apply_excuses([found], tmp_path)
