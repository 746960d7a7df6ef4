import pytest

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.engines.postgresql.index_definition import index_parts, key_expression


@pytest.mark.parametrize(
    ("written", "expression"),
    [
        ("a", "a"),
        ("b DESC NULLS LAST", "b"),
        ('"odd, name" text_pattern_ops', '"odd, name"'),
        ("lower(b)", "lower(b)"),
        ("((a + 1))", "((a + 1))"),
        ('b COLLATE "C" text_pattern_ops DESC', 'b COLLATE "C"'),
        ("public.twice(a) DESC", "public.twice(a)"),
        ("COALESCE(b, ')'::text)", "COALESCE(b, ')'::text)"),
    ],
)
def test_key_expression_is_a_key_without_its_order(database, written, expression):  # type: ignore[no-untyped-def]
    database.execute('CREATE TABLE t (a int, b text, "odd, name" text)')
    database.execute("CREATE FUNCTION twice(int) RETURNS int IMMUTABLE RETURN $1 * 2")
    database.execute(f"CREATE INDEX i ON t ({written})")
    index = read_catalogue(database).get("index", "public.i")
    assert index is not None
    (key,) = index_parts(index).keys
    assert key_expression(key) == expression
