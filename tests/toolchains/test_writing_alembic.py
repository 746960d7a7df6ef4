from pathlib import Path

import pytest
from alembic_fixture import revision, write_project
from writing_trials import ADD, BUILD, VALIDATE, texts

from dbspecialist.facts.change import Phase
from dbspecialist.toolchains.alembic import detect

INDEX = "CREATE INDEX i ON t (a)"
CHECK = "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)"
#: The line of the first statement of `upgrade`, as the fixture writes revisions.
FIRST = 16
PATH = "migrations/versions/r1_.py"


def upgraded(
    root: Path,
    up: str,
    sent: list[tuple[int, str]],
    phases: dict[int, list[Phase]],
    extra: str = "",
) -> str | None:
    """The body of `upgrade` as it is rewritten; nothing where it is not."""
    write_project(root, {"r1": revision("r1", None, up, extra=extra)})
    project = detect(root)
    assert project is not None
    original = (root / PATH).read_text()
    found = texts(project, "r1", sent, phases)
    if not found:
        return None
    head, _, rest = found[PATH].partition("def upgrade() -> None:\n")
    body, mark, tail = rest.partition("\n\ndef downgrade()")
    assert head == original.partition("def upgrade() -> None:\n")[0]
    assert mark + tail == "".join(original.partition("\n\ndef downgrade()")[1:])
    return body


def test_index_gets_the_keyword_inside_an_autocommit_block(tmp_path: Path) -> None:
    up = 'op.create_index("i", "t", ["a"])  # the list page'
    assert upgraded(tmp_path, up, [(FIRST, INDEX)], {0: [BUILD]}) == (
        "    with op.get_context().autocommit_block():\n"
        "        # build the index while writes go on\n"
        '        op.create_index("i", "t", ["a"], postgresql_concurrently=True)  # the list page\n'
    )


def test_statements_around_stay_as_they_are(tmp_path: Path) -> None:
    up = (
        'op.add_column("t", sa.Column("b", sa.Text()))\n'
        "\n"
        "# for the list page\n"
        'op.create_index(\n    "i",\n    "t",\n    ["a"],\n)\n'
        'op.execute("SELECT 1")'
    )
    sent = [(FIRST, "ALTER TABLE t ADD COLUMN b TEXT"), (FIRST + 3, INDEX), (FIRST + 8, "SELECT 1")]
    assert upgraded(tmp_path, up, sent, {1: [BUILD]}) == (
        '    op.add_column("t", sa.Column("b", sa.Text()))\n'
        "    \n"
        "    # for the list page\n"
        "    with op.get_context().autocommit_block():\n"
        "        # build the index while writes go on\n"
        "        op.create_index(\n"
        '            "i",\n            "t",\n            ["a"],\n'
        "            postgresql_concurrently=True,\n"
        "        )\n"
        '    op.execute("SELECT 1")\n'
    )


def test_constraint_is_not_valid_first_and_validated_by_itself(tmp_path: Path) -> None:
    up = 'op.create_check_constraint("c", "t", "a > 0")'
    assert upgraded(tmp_path, up, [(FIRST, CHECK)], {0: [ADD, VALIDATE]}) == (
        "    with op.get_context().autocommit_block():\n"
        "        # add the check\n"
        '        op.create_check_constraint("c", "t", "a > 0", postgresql_not_valid=True)\n'
        "        # check the rows\n"
        '        op.execute("ALTER TABLE t VALIDATE CONSTRAINT c")\n'
    )


def test_several_statements_of_a_phase_stay_in_one_transaction(tmp_path: Path) -> None:
    last = Phase(
        "set it", ("ALTER TABLE t ALTER a SET NOT NULL", "ALTER TABLE t DROP CONSTRAINT c")
    )
    up = 'op.alter_column("t", "a", nullable=False)'
    sent = [(FIRST, "ALTER TABLE t ALTER COLUMN a SET NOT NULL")]
    assert upgraded(tmp_path, up, sent, {0: [VALIDATE, last]}) == (
        "    with op.get_context().autocommit_block():\n"
        "        # check the rows\n"
        '        op.execute("ALTER TABLE t VALIDATE CONSTRAINT c")\n'
        "    # set it\n"
        '    op.execute("ALTER TABLE t ALTER a SET NOT NULL")\n'
        '    op.execute("ALTER TABLE t DROP CONSTRAINT c")\n'
    )


def test_calls_in_a_row_share_one_block(tmp_path: Path) -> None:
    up = 'op.execute("one")\nop.execute("two")\n\nop.execute("three")'
    sent = [(FIRST, "one"), (FIRST + 1, "two"), (FIRST + 3, "three")]
    found = upgraded(tmp_path, up, sent, {0: [BUILD], 1: [VALIDATE]})
    assert found is not None
    assert found.count("autocommit_block") == 1
    assert found.endswith('    \n    op.execute("three")\n')


def test_second_statement_of_the_same_call_is_kept(tmp_path: Path) -> None:
    up = 'op.alter_column("t", "a", nullable=False, server_default=sa.text("\'x:y\'"))'
    default = "ALTER TABLE t ALTER COLUMN a SET DEFAULT ' :y'"
    sent = [(FIRST, "ALTER TABLE t ALTER COLUMN a SET NOT NULL"), (FIRST, default)]
    assert upgraded(tmp_path, up, sent, {0: [VALIDATE]}) == (
        "    with op.get_context().autocommit_block():\n"
        "        # check the rows\n"
        '        op.execute("ALTER TABLE t VALIDATE CONSTRAINT c")\n'
        "    op.execute(\"ALTER TABLE t ALTER COLUMN a SET DEFAULT ' \\\\:y'\")\n"
    )


def test_no_block_is_put_into_a_block(tmp_path: Path) -> None:
    up = 'with op.get_context().autocommit_block():\n    op.execute("VACUUM t")'
    assert upgraded(tmp_path, up, [(FIRST + 1, "VACUUM t")], {0: [BUILD]}) == (
        "    with op.get_context().autocommit_block():\n"
        "        # build the index while writes go on\n"
        '        op.execute("CREATE INDEX CONCURRENTLY i ON t (a)")\n'
    )


@pytest.mark.parametrize(
    ("up", "line"),
    [
        ('for name in ("i",):\n    op.create_index(name, "t", ["a"])', FIRST + 1),
        ('op.create_index("i", "t", ["a"]); op.execute("SELECT 1")', FIRST),
        ('name = str("i")\nop.create_index(name, "t", ["a"])', FIRST + 1),
        ('op.get_bind().exec_driver_sql("CREATE INDEX i ON t (a)")', FIRST),
        ('try:\n    op.create_index("i", "t", ["a"])\nfinally:\n    pass', FIRST + 1),
        ('[op.create_index(name, "t", ["a"]) for name in ["i"]]', FIRST),
        ("helper()", 8),
    ],
)
def test_place_that_is_not_sure_is_left_alone(tmp_path: Path, up: str, line: int) -> None:
    extra = 'def helper() -> None:\n    op.create_index("i", "t", ["a"])'
    more = len(extra.splitlines()) - 1
    line = line if up == "helper()" else line + more
    assert upgraded(tmp_path, up, [(line, INDEX)], {0: [BUILD]}, extra) is None
    assert "op." in (tmp_path / PATH).read_text().splitlines()[line - 1]


def test_windows_line_ends_are_kept(tmp_path: Path) -> None:
    write_project(tmp_path, {})
    body = revision("r1", None, 'op.create_index("i", "t", ["a"])').replace("\n", "\r\n")
    (tmp_path / PATH).write_bytes(body.encode())
    project = detect(tmp_path)
    found = texts(project, "r1", [(FIRST, INDEX)], {0: [BUILD, VALIDATE]})
    assert found[PATH].count("\n") == found[PATH].count("\r\n") == body.count("\n") + 4
