from typing import Any

import psycopg
import pytest
from test_alembic_operations import SETUP, STATEMENTS

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.toolchains.sql_quoting import quoted
from dbspecialist.toolchains.sql_style import SqlStyle, style_of

OTHERS = [
    "CREATE TABLE public.x (id bigint NOT NULL, name character varying(3) DEFAULT 'a'::text,"
    " CONSTRAINT x_pk PRIMARY KEY (id), CHECK ((id > 0)), FOREIGN KEY (id) REFERENCES u (id))",
    "CREATE TABLE x (LIKE public.t INCLUDING ALL)",
    "CREATE TABLE x PARTITION OF p FOR VALUES FROM (1) TO (2)",
    "CREATE TABLE x () INHERITS (public.t)",
    "CREATE UNIQUE INDEX IF NOT EXISTS x ON public.t USING btree (lower(b), a DESC NULLS LAST)"
    " INCLUDE (id) WHERE (a > 1)",
    "CREATE SEQUENCE public.x AS integer OWNED BY public.t.a",
    "ALTER TABLE public.t ALTER COLUMN a TYPE bigint USING (a)::bigint",
    "ALTER TABLE public.t ALTER COLUMN b SET DEFAULT upper('x'::text)",
    "ALTER TABLE t RENAME CONSTRAINT k TO kk",
    "ALTER TABLE ONLY t RENAME COLUMN b TO bb",
    "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE public.t ADD COLUMN n public.mood DEFAULT 'x'::public.mood NOT NULL",
    "ALTER TYPE public.mood ADD VALUE 'y' BEFORE 'x'",
    "ALTER TYPE mood RENAME TO feeling",
    "CREATE VIEW public.v AS SELECT o.a, count(*) AS n FROM public.t o WHERE o.a > 1 GROUP BY o.a",
    "CREATE POLICY x ON public.t AS PERMISSIVE FOR ALL TO PUBLIC USING ((a > 1))",
    "CREATE FUNCTION public.g(x integer) RETURNS integer LANGUAGE sql AS $$SELECT x$$",
    "CREATE TRIGGER x BEFORE UPDATE OF a ON public.t FOR EACH ROW"
    " WHEN ((OLD.a IS DISTINCT FROM new.a)) EXECUTE FUNCTION public.f()",
    "COMMENT ON COLUMN public.t.a IS 'public.t'",
    "GRANT SELECT ON TABLE public.t TO pg_monitor",
    "ALTER TABLE public.t ADD CONSTRAINT x EXCLUDE USING btree (a WITH =)",
    "ALTER TABLE public.t ADD CONSTRAINT x UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b)",
    "DROP VIEW IF EXISTS public.none",
    "UPDATE t SET a = 1 WHERE t.a IS NULL",
]
MORE = """
CREATE TYPE mood AS ENUM ('x'); CREATE TABLE p (i int) PARTITION BY RANGE (i);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'
"""


@pytest.mark.parametrize("statement", [*STATEMENTS, *OTHERS])
def test_quoted_statement_does_the_same(
    statement: str, database: psycopg.Connection[tuple[Any, ...]]
) -> None:
    found = []
    for sql in (statement, quoted(statement), SqlStyle(True, True).written([statement])[0]):
        database.execute((SETUP + ";" + MORE).encode())
        database.execute(sql.encode())
        found.append(read_catalogue(database))
    assert found[1] == found[0]
    assert found[2] == found[0]


@pytest.mark.parametrize(
    ("statement", "written"),
    [
        (
            "ALTER TABLE public.t ADD COLUMN name text DEFAULT 'a b' NOT NULL",
            'ALTER TABLE "public"."t" ADD COLUMN "name" text DEFAULT \'a b\' NOT NULL',
        ),
        (
            'CREATE INDEX t_a ON public.t USING btree (a, lower("B"))',
            'CREATE INDEX "t_a" ON "public"."t" USING btree ("a", lower("B"))',
        ),
        (
            "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a, b) REFERENCES public.u(id, c)",
            'ALTER TABLE "t" ADD CONSTRAINT "c" FOREIGN KEY ("a", "b")'
            ' REFERENCES "public"."u"("id", "c")',
        ),
    ],
)
def test_names_are_quoted(statement: str, written: str) -> None:
    assert quoted(statement) == written


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ('-- AlterTable\nALTER TABLE "User" ADD COLUMN "name" TEXT;', SqlStyle(False, True)),
        ("create table t (a int);\nalter table t add column b int;", SqlStyle(True, False)),
        ('await q.query("ALTER TABLE \\"user\\" ADD COLUMN \\"a\\" int");', SqlStyle(False, True)),
        ("nothing", SqlStyle()),
    ],
)
def test_style_is_that_of_most_statements(text: str, style: SqlStyle) -> None:
    assert style_of([text]) == style
