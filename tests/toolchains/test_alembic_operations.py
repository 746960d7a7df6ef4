"""Operations of Alembic, run by Alembic itself beside the statements that they stand for."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.pool import NullPool

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.toolchains.alembic.operations import operation_lines
from dbspecialist.twins.cluster import Cluster

SETUP = """
DROP SCHEMA IF EXISTS s CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public;
CREATE SCHEMA s; CREATE TABLE u (id bigint PRIMARY KEY, other bigint);
CREATE TABLE s.t (id bigint, a integer DEFAULT 1, b text NOT NULL, "C d" text,
    CONSTRAINT k CHECK (a > 0));
CREATE TABLE t (id bigint, a integer DEFAULT 1, b text NOT NULL, "C d" text, u_id bigint,
    CONSTRAINT k CHECK (a > 0));
CREATE INDEX t_a ON t (a)
"""

STATEMENTS = [
    "ALTER TABLE public.t ADD COLUMN n integer",
    "ALTER TABLE s.t ADD COLUMN n character varying(20) DEFAULT 'a: %b'::text NOT NULL",
    "ALTER TABLE public.t ADD COLUMN n timestamp with time zone DEFAULT now() NOT NULL",
    "ALTER TABLE public.t ADD COLUMN n numeric(8,2)",
    'ALTER TABLE public.t DROP COLUMN "C d"',
    "DROP TABLE s.t",
    "ALTER TABLE public.t RENAME TO v",
    'ALTER TABLE public.t RENAME COLUMN a TO "E""f"',
    "ALTER TABLE public.t ALTER COLUMN b DROP NOT NULL",
    "ALTER TABLE s.t ALTER COLUMN a SET NOT NULL",
    "ALTER TABLE public.t ALTER COLUMN a DROP DEFAULT",
    "ALTER TABLE public.t ALTER COLUMN b SET DEFAULT 'x:y'::text",
    "ALTER TABLE public.t ALTER COLUMN a TYPE bigint",
    "CREATE INDEX t_b ON public.t (b)",
    'CREATE UNIQUE INDEX t_b ON s.t USING btree (b, "C d") WHERE (a > 1)',
    "CREATE INDEX CONCURRENTLY t_b ON public.t (b)",
    "DROP INDEX public.t_a",
    "DROP INDEX CONCURRENTLY t_a",
    "ALTER TABLE s.t DROP CONSTRAINT k",
    "ALTER TABLE public.t ADD CONSTRAINT c UNIQUE (a, b)",
    "ALTER TABLE public.t ADD CONSTRAINT c PRIMARY KEY (id)",
    "ALTER TABLE public.t ADD CONSTRAINT c CHECK ((b <> 'x'::text)) NOT VALID",
    "ALTER TABLE public.t ADD CONSTRAINT c FOREIGN KEY (u_id) REFERENCES public.u(id)"
    " ON UPDATE CASCADE ON DELETE SET NULL NOT VALID",
    "ALTER TABLE s.t ADD CONSTRAINT c FOREIGN KEY (id) REFERENCES public.u(id)",
]


def after(database: psycopg.Connection[tuple[Any, ...]], statement: str) -> Catalogue:
    database.execute(SETUP.encode())
    database.execute(statement.encode())
    return read_catalogue(database)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_operation_does_what_the_statement_does(
    statement: str, cluster: Cluster, database: psycopg.Connection[tuple[Any, ...]]
) -> None:
    lines = operation_lines(statement, "")
    assert lines is not None
    wanted = after(database, statement)
    database.execute(SETUP.encode())
    url = f"postgresql+psycopg://postgres@/{database.info.dbname}?host={cluster.folder}"
    engine = sa.create_engine(
        url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"port": cluster_port(cluster)},
    )
    with engine.connect() as connection:
        names = {"op": Operations(MigrationContext.configure(connection)), "sa": sa}
        exec("\n".join(lines), names)
    assert read_catalogue(database) == wanted


def cluster_port(cluster: Cluster) -> int:
    return int(cluster.url("x").rpartition("port=")[2])


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE public.t ADD COLUMN n public.mood",
        "ALTER TABLE public.t ADD COLUMN n integer GENERATED ALWAYS AS IDENTITY",
        "ALTER TABLE public.t ADD COLUMN n integer CONSTRAINT x NOT NULL",
        "ALTER TABLE public.t ALTER COLUMN a TYPE bigint USING (a::bigint)",
        "CREATE INDEX i ON public.t USING gin (b)",
        "CREATE INDEX i ON public.t (lower(b))",
        "CREATE INDEX i ON public.t (b DESC)",
        "ALTER TABLE public.t ADD CONSTRAINT c UNIQUE NULLS NOT DISTINCT (a)",
        "ALTER TABLE public.t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES public.u(id) DEFERRABLE",
        "ALTER TABLE public.t ADD CONSTRAINT c CHECK ((a > 0)) NO INHERIT",
        "DROP TABLE public.t CASCADE",
        "DROP INDEX IF EXISTS public.i",
        "CREATE TABLE public.x ()",
    ],
)
def test_other_forms_stay_sql(statement: str) -> None:
    assert operation_lines(statement, "    ") is None


def test_long_operation_is_wrapped() -> None:
    statement = STATEMENTS[-2]
    assert operation_lines(statement, "    ") == [
        "    op.create_foreign_key(",
        '        op.f("c"),',
        '        "t",',
        '        "u",',
        '        ["u_id"],',
        '        ["id"],',
        '        onupdate="CASCADE",',
        '        ondelete="SET NULL",',
        "        postgresql_not_valid=True,",
        "    )",
    ]


def test_long_column_is_wrapped_inside() -> None:
    statement = (
        "ALTER TABLE public.subscriptions ADD COLUMN currency character varying(3)"
        " DEFAULT 'USD'::character varying NOT NULL"
    )
    assert operation_lines(statement, "    ") == [
        "    op.add_column(",
        '        "subscriptions",',
        "        sa.Column(",
        '            "currency",',
        "            sa.String(3),",
        """            server_default=sa.text("'USD'::character varying"),""",
        "            nullable=False,",
        "        ),",
        "    )",
    ]
