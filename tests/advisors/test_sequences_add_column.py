from pathlib import Path

import pytest
from requested import BILLION, Database, carry_out, open_claims, plan, statements, take_back

from dbspecialist.facts.errors import InputError

USERS = "CREATE TABLE users (id bigint PRIMARY KEY, name text);"
TOKEN = "add-column users token uuid --default 'gen_random_uuid()'"


def test_constant_default_is_one_step_on_a_large_table(tmp_path: Path) -> None:
    found = plan(
        tmp_path,
        USERS,
        "add-column users kind text --default \"'new'\" --not-null",
        rows={"users": BILLION},
    )
    assert statements(found) == [
        ["ALTER TABLE public.users ADD COLUMN kind text DEFAULT 'new' NOT NULL"]
    ]
    assert open_claims(found) == []
    assert [item.severity for item in found.findings] == []


def test_default_that_differs_by_row_is_one_step_on_a_small_table(tmp_path: Path) -> None:
    found = plan(tmp_path, USERS, TOKEN, rows={"users": 500})
    assert statements(found) == [
        ["ALTER TABLE public.users ADD COLUMN token uuid DEFAULT gen_random_uuid()"]
    ]
    assert found.refuted == ()
    assert [item.rule for item in found.accepted] == ["add-columns-without-volatile-defaults"]


def test_rows_of_a_large_table_are_filled_in_batches(tmp_path: Path) -> None:
    found = plan(tmp_path, USERS, f"{TOKEN} --not-null", rows={"users": BILLION}, version=150_000)
    expand, fill, refuse, state = statements(found)
    assert expand == [
        "ALTER TABLE public.users ADD COLUMN token uuid",
        "ALTER TABLE public.users ALTER COLUMN token SET DEFAULT gen_random_uuid()",
    ]
    assert "COMMIT;" in fill[0]
    assert refuse == [
        "ALTER TABLE public.users ADD CONSTRAINT users_token_not_null"
        " CHECK (token IS NOT NULL) NOT VALID",
    ]
    assert state == [
        "ALTER TABLE public.users VALIDATE CONSTRAINT users_token_not_null",
        "ALTER TABLE public.users ALTER COLUMN token SET NOT NULL",
        "ALTER TABLE public.users DROP CONSTRAINT users_token_not_null",
    ]
    assert [item.transactional for item in found.phases] == [True, False, True, False]
    assert found.refuted == ()


def test_not_null_is_added_unchecked_where_production_can(tmp_path: Path) -> None:
    found = plan(tmp_path, USERS, f"{TOKEN} --not-null")
    _, _, refuse, state = statements(found)
    assert refuse == [
        "ALTER TABLE public.users ADD CONSTRAINT users_token_not_null NOT NULL token NOT VALID"
    ]
    assert state == ["ALTER TABLE public.users VALIDATE CONSTRAINT users_token_not_null"]
    assert found.refuted == ()


@pytest.mark.parametrize("version", [150_000, 180_000])
def test_phases_fill_every_row_and_lead_back(
    version: int, tmp_path: Path, database: Database
) -> None:
    schema = "CREATE TABLE users (a int, b text, name text, PRIMARY KEY (a, b));"
    found = plan(tmp_path, schema, f"{TOKEN} --not-null", rows={"users": BILLION}, version=version)
    database.execute(schema.encode())
    database.execute(
        "INSERT INTO users SELECT n % 7, n::text, 'x' FROM generate_series(1, 12000) n"
    )
    carry_out(database, found.phases)
    counted = database.execute("SELECT count(*), count(DISTINCT token) FROM users").fetchone()
    assert counted == (12_000, 12_000)
    take_back(database, found.phases)
    columns = database.execute(
        "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute"
        " WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped"
    ).fetchone()
    assert columns == ("a b name",)


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ("add-column user x text", "there is no table user; did you mean public.users?"),
        ("add-column users name text", "column public.users.name is there already (text)"),
        ("add-column users x jsnob", "the engine takes no type 'jsnob'"),
        (f"add-column users {'x' * 64} text", "has 64 bytes, the engine keeps 63"),
        ("add-column users x int --not-null", "has rows, which would hold NULL in x"),
        ("add-column users x int --default 1/0/", "the engine refuses it: syntax error"),
    ],
)
def test_request_that_does_not_fit_is_refused_in_one_line(
    request_: str, told: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as refused:
        plan(tmp_path, USERS, request_, write=True)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(list((tmp_path / "migrations").iterdir())) == 2


def test_large_table_without_a_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"public\.users has no primary key to fill its rows by"):
        plan(tmp_path, "CREATE TABLE users (name text);", TOKEN)


def test_reserved_word_is_quoted_and_told(tmp_path: Path) -> None:
    found = plan(tmp_path, USERS, "add-column users order integer")
    assert statements(found) == [['ALTER TABLE public.users ADD COLUMN "order" integer']]
    assert 'order is a word of the engine\'s: it is written as "order"' in found.notes
