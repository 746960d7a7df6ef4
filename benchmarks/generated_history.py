"""Migrations made for measuring: SQL files over a shop of 12 tables, and an Alembic history."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

TABLES = (
    *("customer", "address", "product", "category", "warehouse", "stock"),
    *("orders", "order_line", "payment", "shipment", "review", "event"),
)
ROWS = 2000


def schema_sql() -> str:
    """Return the SQL of the 12 tables, each but the first with a reference to the one before."""
    parts = []
    for number, table in enumerate(TABLES):
        before = TABLES[number - 1]
        reference = f"\n    {before}_id bigint NOT NULL REFERENCES {before}," if number else ""
        parts.append(
            f"CREATE TABLE {table} (\n"
            f"    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,{reference}\n"
            "    code varchar(20) NOT NULL UNIQUE,\n"
            "    name text NOT NULL,\n"
            "    amount numeric(12, 2) NOT NULL DEFAULT 0 CHECK (amount >= 0),\n"
            "    quantity integer NOT NULL DEFAULT 1,\n"
            "    kind smallint NOT NULL DEFAULT 0,\n"
            "    note text,\n"
            "    active boolean NOT NULL DEFAULT true,\n"
            "    made_at timestamptz NOT NULL DEFAULT now()\n"
            ");\n"
            f"CREATE INDEX {table}_made_at ON {table} (made_at);\n"
        )
    return "".join(parts)


def rows_sql() -> str:
    """Return the SQL that puts 2,000 rows into each table."""
    parts = []
    for number, table in enumerate(TABLES):
        column, value = (f"{TABLES[number - 1]}_id, ", "n, ") if number else ("", "")
        parts.append(
            f"INSERT INTO {table} ({column}code, name, amount, quantity, kind, note)\n"
            f"SELECT {value}'c' || n, 'name ' || n % 500, n % 900, n % 30, n % 5,\n"
            f"       CASE WHEN n % 3 > 0 THEN 'note ' || n END\n"
            f"  FROM generate_series(1, {ROWS}) AS n;\n"
        )
    return "".join(parts)


def _kinds(number: int, table: str) -> Sequence[tuple[str, str]]:
    """Return 20 statements with their ways back; the last two block writes or rewrite."""
    column, name = f"extra_{number}", f"{table}_{number}"
    return (
        (f"ALTER TABLE {table} ADD COLUMN {column} text", f"ALTER TABLE {table} DROP {column}"),
        (
            f"ALTER TABLE {table} ADD COLUMN {column} integer NOT NULL DEFAULT 0",
            f"ALTER TABLE {table} DROP COLUMN {column}",
        ),
        (
            f"CREATE TABLE {name} (id bigint PRIMARY KEY, label text NOT NULL)",
            f"DROP TABLE {name}",
        ),
        (
            f"CREATE INDEX CONCURRENTLY {name} ON {table} (name)",
            f"DROP INDEX CONCURRENTLY {name}",
        ),
        (
            f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK (quantity >= 0) NOT VALID",
            f"ALTER TABLE {table} DROP CONSTRAINT {name}",
        ),
        (
            f"ALTER TABLE {table} ALTER COLUMN note SET DEFAULT 'none {number}'",
            f"ALTER TABLE {table} ALTER COLUMN note DROP DEFAULT",
        ),
        (
            f"CREATE VIEW {name} AS SELECT id, name FROM {table} WHERE active",
            f"DROP VIEW {name}",
        ),
        (
            f"CREATE FUNCTION {name}(value integer) RETURNS integer LANGUAGE sql IMMUTABLE"
            " AS 'SELECT value + 1'",
            f"DROP FUNCTION {name}(integer)",
        ),
        (f"CREATE TYPE {name} AS ENUM ('new', 'paid', 'sent')", f"DROP TYPE {name}"),
        (f"CREATE SEQUENCE {name}", f"DROP SEQUENCE {name}"),
        (
            f"ALTER INDEX {table}_made_at RENAME TO {name}",
            f"ALTER INDEX {name} RENAME TO {table}_made_at",
        ),
        (
            f"ALTER TABLE {table} ALTER COLUMN name SET STATISTICS 500",
            f"ALTER TABLE {table} ALTER COLUMN name SET STATISTICS -1",
        ),
        (
            f"COMMENT ON COLUMN {table}.note IS 'what was said, {number}'",
            f"COMMENT ON COLUMN {table}.note IS NULL",
        ),
        (
            f"ALTER TABLE {table} SET (fillfactor = 90)",
            f"ALTER TABLE {table} RESET (fillfactor)",
        ),
        (f"CREATE DOMAIN {name} AS text CHECK (value <> '')", f"DROP DOMAIN {name}"),
        (
            f"CREATE STATISTICS {name} (dependencies) ON kind, quantity FROM {table}",
            f"DROP STATISTICS {name}",
        ),
        (
            f"ALTER TABLE {table} ALTER COLUMN code TYPE varchar({40 + number})",
            f"ALTER TABLE {table} ALTER COLUMN code TYPE varchar(20)",
        ),
        (
            f"CREATE TABLE {name} AS SELECT kind, sum(amount) AS total FROM {table} GROUP BY kind",
            f"DROP TABLE {name}",
        ),
        (f"CREATE INDEX {name} ON {table} (kind)", f"DROP INDEX {name}"),
        (
            f"ALTER TABLE {table} ALTER COLUMN quantity TYPE bigint",
            f"ALTER TABLE {table} ALTER COLUMN quantity TYPE integer",
        ),
    )


def write_sql_files(folder: Path, count: int) -> None:
    """Write the schema as the first file and then so many single-statement migrations."""
    folder.mkdir(parents=True)
    (folder / "0000_schema.sql").write_text(schema_sql())
    for number in range(count):
        kinds = _kinds(number, TABLES[(number + 3 * (number // 20)) % len(TABLES)])
        up, down = kinds[number % len(kinds)]
        (folder / f"{number + 1:04}_step.sql").write_text(f"{up};\n")
        (folder / f"{number + 1:04}_step.down.sql").write_text(f"{down};\n")


_ENV = """
from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config
connectable = engine_from_config(
    config.get_section(config.config_ini_section), prefix="sqlalchemy.", poolclass=pool.NullPool
)
with connectable.connect() as connection:
    context.configure(connection=connection, target_metadata=None, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""

_REVISION = '''"""{title}"""
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down}
branch_labels = None
depends_on = None


def upgrade() -> None:
{up}


def downgrade() -> None:
{back}
'''


def write_alembic(folder: Path, count: int) -> None:
    """Write an Alembic project of so many revisions: 1 in 5 makes a table."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(
        "[alembic]\nscript_location = %(here)s/migrations\nsqlalchemy.url = postgresql+psycopg://\n"
    )
    (folder / "migrations" / "env.py").write_text(_ENV)
    for number in range(count):
        title, up, back = _operation(number)
        text = _REVISION.format(
            title=title,
            revision=f"r{number:04}",
            down=repr(f"r{number - 1:04}") if number else None,
            up=up,
            back=back,
        )
        (versions / f"r{number:04}_{title.replace(' ', '_')}.py").write_text(text)


def _operation(number: int) -> tuple[str, str, str]:
    made, step = divmod(number, 5)
    table = f"table_{made}"
    if step == 0:
        return _table(made, table)
    if step == 1:
        column = 'sa.Column("extra", sa.Integer(), nullable=True)'
        return (
            f"add extra to {table}",
            f'    op.add_column("{table}", {column})',
            f'    op.drop_column("{table}", "extra")',
        )
    if step == 2:
        return _index(made, table)
    if step == 3:
        return (
            f"check {table}",
            f'    op.create_check_constraint("{table}_extra", "{table}", "extra >= 0")',
            f'    op.drop_constraint("{table}_extra", "{table}")',
        )
    return (
        f"widen {table}",
        f'    op.alter_column("{table}", "name", type_=sa.String(200))',
        f'    op.alter_column("{table}", "name", type_=sa.String(100))',
    )


def _table(made: int, table: str) -> tuple[str, str, str]:
    lines = [
        "    op.create_table(",
        f'        "{table}",',
        '        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),',
        '        sa.Column("name", sa.String(100), nullable=False),',
        '        sa.Column("amount", sa.Numeric(12, 2), nullable=False),',
        '        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.func.now()),',
    ]
    if made:
        other = f"table_{made - 1}"
        lines.append(
            f'        sa.Column("other_id", sa.BigInteger(), sa.ForeignKey("{other}.id")),'
        )
    return f"create {table}", "\n".join([*lines, "    )"]), f'    op.drop_table("{table}")'


def _index(made: int, table: str) -> tuple[str, str, str]:
    name = f"{table}_name"
    if made % 3:
        up = f'    op.create_index("{name}", "{table}", ["name"])'
        return f"index {table}", up, f'    op.drop_index("{name}", "{table}")'
    block = "    with op.get_context().autocommit_block():\n        "
    up = f'op.create_index("{name}", "{table}", ["name"], postgresql_concurrently=True)'
    back = f'op.drop_index("{name}", "{table}", postgresql_concurrently=True)'
    return f"index {table} concurrently", block + up, block + back
