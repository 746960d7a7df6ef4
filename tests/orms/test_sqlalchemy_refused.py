"""What cannot be told safely is refused in one line, with its place."""

from pathlib import Path

import pytest
from model_trials import after_edits, left_over

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import (
    AddEnumValue,
    AddIndex,
    ChangeColumn,
    DropColumn,
    DropTable,
    ModelEdit,
    RenameColumn,
    RenameTable,
)
from dbspecialist.twins.cluster import Cluster

MODELS = """from enum import Enum as PyEnum
from typing import Optional

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Kind(PyEnum):
    SMALL = "small"


class Stamped:
    seen_at: Mapped[Optional[str]] = mapped_column(sa.Text)


class Named:
    title: Mapped[str] = mapped_column(sa.String(80))


class Author(Stamped, Named, Base):
    __tablename__ = "authors"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Kind] = mapped_column(sa.Enum(Kind, name="kind"))
    books: Mapped[list["Book"]] = relationship(back_populates="author")


class Book(Stamped, Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("authors.id"))
    author: Mapped[Author] = relationship(back_populates="books")

    @declared_attr
    def __table_args__(cls):
        return (sa.Index("ix_books", "author_id"),)


class Shelf(Base):
    __tablename__ = "shelves"
    id: Mapped[int] = mapped_column(primary_key=True)
    hall: Mapped[str] = mapped_column()
    place: Mapped[str]

    __mapper_args__ = {"polymorphic_on": hall}
"""

REFUSED: list[tuple[ModelEdit, str]] = [
    (
        DropColumn("books", "seen_at"),
        "models.py:17: column seen_at comes from Stamped, which 2 tables use (authors, books); "
        "state it in the class of books first",
    ),
    (
        DropColumn("books", "author_id"),
        "models.py:37: a relationship with authors goes by column author_id; take it out first",
    ),
    (
        DropColumn("shelves", "hall"),
        "models.py:50: __mapper_args__ uses column hall; take it out first",
    ),
    (
        AddIndex("books", "ix_more", ("id",)),
        "models.py:40: __table_args__ is a function; edit it by hand",
    ),
    (DropTable("authors"), "models.py:36: Author is still used; take that out first"),
    (
        AddEnumValue("kind", "very small"),
        "models.py:12: very small is no name of a member, and SQLAlchemy keeps names (Enum); "
        "give the Enum a values_callable, or choose a label that is a Python name",
    ),
    (
        ChangeColumn("shelves", "width", nullable=True),
        "models.py:44: the model of shelves has no column width",
    ),
]


@pytest.mark.parametrize(("edit", "message"), REFUSED, ids=[type(e).__name__ for e, _ in REFUSED])
def test_what_cannot_be_told_is_refused(edit: ModelEdit, message: str, tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(MODELS)
    with pytest.raises(InputError) as caught:
        after_edits(tmp_path, edit)
    assert str(caught.value) == message
    assert (tmp_path / "models.py").read_text() == MODELS


def test_mixins_of_one_table_renames_and_styles(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(MODELS)
    edits: list[ModelEdit] = [
        ChangeColumn("authors", "title", nullable=True),
        ChangeColumn("shelves", "place", nullable=True, type="text"),
        RenameTable("authors", "writers"),
        RenameColumn("writers", "id", "number"),
    ]
    sql = """
        alter table authors alter title drop not null;
        alter table shelves alter place drop not null, alter place type text;
        alter table authors rename to writers;
        alter table writers rename id to number;
        alter table writers rename constraint authors_pkey to writers_pkey;
        alter table writers rename constraint authors_id_not_null to writers_number_not_null;
        alter table writers rename constraint authors_kind_not_null to writers_kind_not_null;
        alter sequence authors_id_seq rename to writers_number_seq
    """
    assert left_over(cluster, tmp_path, edits, sql) == ()
    expected = MODELS.replace("title: Mapped[str] =", "title: Mapped[Optional[str]] =")
    expected = expected.replace(
        "    place: Mapped[str]\n", "    place: Mapped[Optional[str]] = mapped_column(sa.Text)\n"
    )
    expected = expected.replace('"authors"', '"writers"').replace("authors.id", "writers.number")
    expected = expected.replace(
        "    id: Mapped[int] = mapped_column(primary_key=True)\n    kind",
        '    id: Mapped[int] = mapped_column("number", primary_key=True)\n    kind',
    )
    assert (tmp_path / "models.py").read_text() == expected


def test_fields_of_sqlmodel_are_refused(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(
        "from sqlmodel import Field, SQLModel\n\n\nclass Hero(SQLModel, table=True):\n"
        "    id: int | None = Field(default=None, primary_key=True)\n    name: str\n"
    )
    with pytest.raises(InputError) as caught:
        after_edits(tmp_path, RenameColumn("hero", "id", "number"))
    assert str(caught.value) == (
        "models.py:4: fields of SQLModel are not edited; edit the class of hero by hand"
    )


def test_a_module_that_does_not_parse_is_refused(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(MODELS.replace("class Shelf(Base):", "class Shelf(Base:"))
    with pytest.raises(InputError, match=r"models\.py:\d+: it is no Python that parses; mend it"):
        after_edits(tmp_path, RenameColumn("shelves", "place", "spot"))
