from pathlib import Path

import pytest
from model_trials import after_edits, left_over

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import AddColumn, ColumnModel
from dbspecialist.twins.cluster import Cluster

MAPPED = '''"""Models."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import (
    BigInteger,
    Enum,
    ForeignKey,
    func,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Status(enum.Enum):
    new = "new"
    paid = "paid"


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int]  =  mapped_column(BigInteger, primary_key=True)  # kept
    email: Mapped[str]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())

    orders: Mapped[list[Order]] = relationship(back_populates="customer")


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    status: Mapped[Status] = mapped_column(Enum(Status, name="status"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    customer: Mapped[Customer] = relationship(back_populates="orders")
'''

CLASSIC = """import sqlalchemy as sa
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Customer(Base):
    __tablename__ = 'customers'

    id = sa.Column(sa.BigInteger, primary_key=True)
    email = sa.Column(sa.String(320), nullable=False)
"""

TABLES = """from sqlalchemy import BigInteger, Column, MetaData, Table, Text

metadata = MetaData()

customers = Table(
    "customers",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("email", Text, nullable=False),
)
one_line = Table("one_line", metadata, Column("id", BigInteger, primary_key=True))
"""


def models(root: Path, text: str) -> Path:
    (root / "models.py").write_text(text)
    return root


def test_add_column_in_the_style_of_mapped_classes(cluster: Cluster, tmp_path: Path) -> None:
    root = models(tmp_path, MAPPED)
    edits = [
        AddColumn("public.customers", ColumnModel("phone", "character varying(40)")),
        AddColumn(
            "customers",
            ColumnModel("seen_at", "timestamp with time zone", False, "now()", "last request"),
        ),
        AddColumn("customers", ColumnModel("first", "status", False, "'new'::status")),
        AddColumn("customers", ColumnModel("tags", "text[]", False, "'{}'::text[]")),
        AddColumn("customers", ColumnModel("price", "numeric(10,2)")),
        AddColumn("customers", ColumnModel("data", "jsonb", False, "'{}'::jsonb")),
    ]
    sql = """
        alter table customers add phone varchar(40),
            add seen_at timestamptz not null default now(),
            add first status not null default 'new', add tags text[] not null default '{}',
            add price numeric(10,2), add data jsonb not null default '{}';
        comment on column customers.seen_at is 'last request'
    """
    assert left_over(cluster, root, edits, sql) == ()
    expected = MAPPED.replace(
        "import enum\n\n",
        "import enum\nfrom decimal import Decimal\nfrom typing import Any\n\n",
    )
    expected = expected.replace(
        "    BigInteger,\n    Enum,\n    ForeignKey,\n    func,\n)\n",
        "    ARRAY,\n    BigInteger,\n    DateTime,\n    Enum,\n    ForeignKey,\n    Numeric,\n"
        "    String,\n    Text,\n    func,\n)\nfrom sqlalchemy.dialects.postgresql import JSONB\n",
    )
    expected = expected.replace(
        "server_default=func.now())\n",
        "server_default=func.now())\n"
        "    phone: Mapped[str | None] = mapped_column(String(40))\n"
        "    seen_at: Mapped[dt.datetime] = mapped_column(\n"
        "        DateTime(timezone=True),"
        ' server_default=func.now(), comment="last request"\n    )\n'
        "    first: Mapped[Status] = mapped_column(\n"
        '        Enum(Status, name="status"), server_default="new"\n    )\n'
        '    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")\n'
        "    price: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))\n"
        '    data: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")\n',
        1,
    )
    assert (root / "models.py").read_text() == expected


def test_add_column_in_the_style_of_classic_classes(cluster: Cluster, tmp_path: Path) -> None:
    root = models(tmp_path, CLASSIC)
    edits = [
        AddColumn("customers", ColumnModel("age", "smallint", False, "0")),
        AddColumn("customers", ColumnModel("key", "uuid", True, "gen_random_uuid()")),
    ]
    sql = """
        alter table customers add age smallint not null default 0,
            add key uuid default gen_random_uuid()
    """
    assert left_over(cluster, root, edits, sql) == ()
    assert (root / "models.py").read_text() == CLASSIC + (
        '    age = sa.Column(sa.SmallInteger, nullable=False, server_default=sa.text("0"))\n'
        '    key = sa.Column(sa.Uuid, server_default=sa.text("gen_random_uuid()"))\n'
    )


def test_add_column_to_a_table_object(cluster: Cluster, tmp_path: Path) -> None:
    root = models(tmp_path, TABLES)
    edits = [
        AddColumn("customers", ColumnModel("age", "integer")),
        AddColumn("one_line", ColumnModel("name", "text", False)),
    ]
    sql = "alter table customers add age int; alter table one_line add name text not null"
    assert left_over(cluster, root, edits, sql, "models:metadata") == ()
    assert (root / "models.py").read_text() == (
        TABLES.replace("Column, MetaData", "Column, Integer, MetaData")
        .replace("nullable=False),\n)", 'nullable=False),\n    Column("age", Integer),\n)')
        .replace("primary_key=True))", 'primary_key=True), Column("name", Text, nullable=False))')
    )


def test_add_column_of_an_unknown_type_is_refused(tmp_path: Path) -> None:
    root = models(tmp_path, CLASSIC)
    with pytest.raises(InputError) as caught:
        after_edits(root, AddColumn("customers", ColumnModel("place", "geometry")))
    assert str(caught.value) == (
        "models.py:7: no SQLAlchemy class is known for type geometry; write the column by hand"
    )


def test_add_column_that_is_there_is_refused(tmp_path: Path) -> None:
    root = models(tmp_path, CLASSIC)
    with pytest.raises(
        InputError, match=r"models\.py:11: table customers has column email already"
    ):
        after_edits(root, AddColumn("customers", ColumnModel("email", "text")))


def test_a_table_without_a_model_is_refused(tmp_path: Path) -> None:
    root = models(tmp_path, CLASSIC)
    with pytest.raises(InputError, match="no SQLAlchemy model of table orders was found"):
        after_edits(root, AddColumn("orders", ColumnModel("email", "text")))
