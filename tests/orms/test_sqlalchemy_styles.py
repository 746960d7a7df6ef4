"""The same edits on classic classes, Flask's `db.Model` and Table objects."""

from pathlib import Path

import pytest
from model_trials import left_over

from dbspecialist.facts.model_edit import (
    AddCheck,
    AddColumn,
    AddEnumValue,
    AddForeignKey,
    AddIndex,
    AddUnique,
    ChangeColumn,
    ColumnModel,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    ForeignKeyModel,
    ModelEdit,
    RenameColumn,
    RenameTable,
)
from dbspecialist.twins.cluster import Cluster

CLASSIC = '''import enum

import sqlalchemy as sa
from sqlalchemy.orm import declarative_base, relationship

Base = declarative_base()


class Kind(str, enum.Enum):
    SMALL = 'small'
    LARGE = 'large'


class Author(Base):
    """Writes."""

    __tablename__ = 'authors'
    __table_args__ = {'comment': 'people'}

    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(80), nullable=False, index=True)
    born = sa.Column('birth_date', sa.Date)
    kind = sa.Column(sa.Enum(Kind, name='kind', values_callable=lambda k: [i.value for i in k]))


class Book(Base):
    __tablename__ = 'books'
    __table_args__ = (
        sa.UniqueConstraint('title', name='one_title'),
        sa.Index('by_pages', 'pages'),
        {'comment': 'written'},
    )

    id = sa.Column(sa.Integer, primary_key=True)
    title = sa.Column(sa.Text, nullable=False)
    pages = sa.Column(
        sa.Integer,
        nullable=False,
        server_default='0',
    )
    author_id = sa.Column(sa.Integer, sa.ForeignKey('authors.id'))
    author = relationship('Author')
'''

TABLES = """from sqlalchemy import (
    CheckConstraint, Column, Date, Enum, ForeignKey, Index, Integer, MetaData, String, Table, Text,
    UniqueConstraint,
)

metadata = MetaData()
kind = Enum("small", "large", name="kind")

authors = Table(
    "authors", metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(80), nullable=False, index=True),
    Column("birth_date", Date),
    Column("kind", kind),
    comment="people",
)

books = Table(
    "books",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("title", Text, nullable=False),
    Column("pages", Integer, nullable=False, server_default="0"),
    Column("author_id", Integer, ForeignKey("authors.id")),
    UniqueConstraint("title", name="one_title"),
    Index("by_pages", "pages"),
    comment="written",
)
"""

FLASK = (
    CLASSIC.replace("import sqlalchemy as sa\n", "")
    .replace(
        "from sqlalchemy.orm import declarative_base, relationship\n\nBase = declarative_base()\n",
        "from database import db\n",
    )
    .replace("sa.", "db.")
    .replace("(Base)", "(db.Model)")
    .replace("relationship(", "db.relationship(")
)

DATABASE = """import sqlalchemy
import sqlalchemy.orm


class Database:
    Model = sqlalchemy.orm.declarative_base()

    def __getattr__(self, name):
        found = getattr(sqlalchemy, name, None)
        return found or getattr(sqlalchemy.orm, name)


db = Database()
"""

EDITS: list[ModelEdit] = [
    AddColumn("books", ColumnModel("sort", "kind", False, "'small'::kind")),
    AddColumn("books", ColumnModel("read_at", "timestamp with time zone", True, "now()")),
    DropColumn("authors", "birth_date"),
    RenameColumn("books", "title", "name"),
    RenameColumn("books", "pages", "leaves"),
    ChangeColumn("books", "leaves", type="bigint", default="1"),
    ChangeColumn("authors", "name", nullable=True, comment="first and last"),
    AddIndex("books", "by_name", ("lower(name)",), predicate="leaves > 0"),
    AddUnique("books", "one_name", ("name", "author_id")),
    AddCheck("books", "some_leaves", "leaves > 0"),
    AddForeignKey("books", ForeignKeyModel("self", ("id",), "public.books", ("id",), "SET NULL")),
    DropIndex("authors", "ix_authors_name", ("name",)),
    DropIndex("books", "by_pages", ("leaves",)),
    DropConstraint("books", "one_title", "unique", ("name",)),
    RenameTable("authors", "writers"),
    AddEnumValue("kind", "huge"),
    CreateTable(
        "shelves",
        (ColumnModel("id", "integer", False), ColumnModel("book", "integer", False)),
        ("id", "book"),
        (ForeignKeyModel("shelf_book", ("book",), "books", ("id",)),),
        "where they stand",
    ),
]

SQL = """
alter table books add sort kind not null default 'small', add read_at timestamptz default now();
alter table authors drop birth_date;
alter table books rename title to name;
alter table books rename constraint books_title_not_null to books_name_not_null;
alter table books rename pages to leaves;
alter table books rename constraint books_pages_not_null to books_leaves_not_null;
alter table books alter leaves type bigint, alter leaves set default 1;
alter table authors alter name drop not null;
comment on column authors.name is 'first and last';
create index by_name on books(lower(name)) where leaves > 0;
alter table books add constraint one_name unique (name, author_id),
    add constraint some_leaves check (leaves > 0),
    add constraint self foreign key (id) references books on delete set null;
drop index ix_authors_name;
drop index by_pages;
alter table books drop constraint one_title;
alter table authors rename to writers;
alter table writers rename constraint authors_pkey to writers_pkey;
alter table writers rename constraint authors_id_not_null to writers_id_not_null;
alter sequence authors_id_seq rename to writers_id_seq;
alter type kind add value 'huge';
create table shelves(id int, book int not null constraint shelf_book references books,
    primary key (id, book));
comment on table shelves is 'where they stand';
"""


@pytest.mark.parametrize(
    ("text", "name"),
    [(CLASSIC, "models:Base"), (TABLES, "models:metadata"), (FLASK, "models:db.Model")],
    ids=["classic", "tables", "flask"],
)
def test_every_edit_ends_in_the_migrated_database(
    text: str, name: str, cluster: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "models.py").write_text(text)
    (tmp_path / "database.py").write_text(DATABASE)
    left = left_over(cluster, tmp_path, EDITS, SQL, name)
    # A primary key that is a foreign key too has no sequence in SQLAlchemy ("autoincrement").
    assert {item.object.key for item in left} <= {
        ("sequence", "public.books_id_seq"),
        ("column", "public.books.id"),
    }
