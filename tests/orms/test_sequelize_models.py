"""Edited models: Sequelize itself makes of them what the migration makes."""

from __future__ import annotations

from pathlib import Path

import pytest
from model_trials import after_edits
from node_models import SEQUELIZE, SEQUELIZE_SYNC, synchronised

from dbspecialist.facts.catalogue import differences
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import (
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

USER = """module.exports = (sequelize, DataTypes) => {
  const User = sequelize.define('User', {
    id: { type: DataTypes.BIGINT, primaryKey: true },
    email:   DataTypes.STRING(320), // kept
    firstName: { type: DataTypes.STRING, field: 'first_name', allowNull: false },
    status: { type: DataTypes.ENUM('new', 'paid'), defaultValue: 'new' },
    rank: DataTypes.INTEGER
  }, {
    tableName: 'users',
    timestamps: false,
    indexes: [{ name: 'by_rank', fields: ['rank'] }, { name: 'by_name', fields: ['first_name'] }]
  });
  return User;
};
"""

POST = """import { DataTypes, Model, Sequelize } from "sequelize"

export class Post extends Model {
  declare id: number
  declare authorId: string | null
  declare title: string
}

export default function load(sequelize: Sequelize) {
  Post.init(
    {
      id: {
        type: DataTypes.INTEGER,
        primaryKey: true,
      },
      authorId: {
        type: DataTypes.BIGINT,
        references: { model: "users", key: "id" },
        onDelete: "CASCADE",
      },
      title: {
        type: DataTypes.TEXT,
        allowNull: false,
      },
    },
    { sequelize, tableName: "posts", timestamps: false, underscored: true },
  )
}
"""

EDITS: list[ModelEdit] = [
    AddColumn("users", ColumnModel("seen_at", "timestamp with time zone", False, "now()")),
    AddColumn("users", ColumnModel("made_at", "timestamp(3) without time zone")),
    AddColumn("users", ColumnModel("credit", "numeric(10,2)", True, comment="what's left")),
    AddColumn("users", ColumnModel("tags", "text[]", True)),
    AddColumn("posts", ColumnModel("is_open", "boolean", False, "true")),
    AddColumn("posts", ColumnModel("note", "character varying(9)", False, "'x'::text")),
    RenameColumn("users", "email", "mail"),
    RenameColumn("users", "first_name", "given_name"),
    DropColumn("users", "rank"),
    ChangeColumn("posts", "title", type="character varying(200)", nullable=True),
    ChangeColumn("users", "given_name", type="text", nullable=True, default="'?'::text"),
    ChangeColumn("users", "status", default="", nullable=False),
    AddIndex("posts", "by_note", ("note", "lower(title)"), unique=True),
    AddIndex("users", "by_tags", ("tags",), method="gin", predicate="credit > 0"),
    AddUnique("posts", "one_note", ("note",)),
    DropConstraint("posts", "posts_author_id_fkey", "foreign key", ("author_id",)),
    AddForeignKey(
        "posts", ForeignKeyModel("posts_id_fkey", ("id",), "public.users", ("id",), "SET NULL")
    ),
    DropIndex("users", "by_name", ("given_name",)),
    RenameTable("users", "members"),
    AddEnumValue("enum_members_status", "sent back", after="new"),
]

SQL = """
alter table users add seen_at timestamptz not null default now(), add made_at timestamp(3),
    add credit numeric(10,2), add tags text[];
comment on column users.credit is 'what''s left';
alter table posts add is_open boolean not null default true,
    add note varchar(9) not null default 'x';
alter table users rename email to mail;
alter table users rename first_name to given_name;
alter table users drop rank;
alter table posts alter title type varchar(200), alter title drop not null;
alter table users alter given_name type text, alter given_name set default '?',
    alter given_name drop not null;
alter table users alter status drop default, alter status set not null;
create unique index by_note on posts(note, lower(title));
create index by_tags on users using gin(tags) where credit > 0;
create unique index one_note on posts(note);
alter table posts drop constraint posts_author_id_fkey;
alter table posts add constraint posts_id_fkey foreign key (id) references users(id)
    on delete set null;
drop index by_name;
alter table users rename to members;
alter table members rename constraint users_pkey to members_pkey;
alter type enum_users_status rename to enum_members_status;
alter type enum_members_status add value 'sent back' after 'new';
"""


def models(root: Path) -> Path:
    folder = root / "models"
    folder.mkdir()
    (folder / "a.model.js").write_text(USER)
    (folder / "b.model.ts").write_text(POST)
    return folder


@pytest.mark.needs_node
def test_sequelize_makes_what_the_migration_makes(cluster: Cluster, tmp_path: Path) -> None:
    folder = models(tmp_path)
    with synchronised(cluster, folder, SEQUELIZE, SEQUELIZE_SYNC, SQL) as migrated:
        after_edits(folder, *EDITS)
        with synchronised(cluster, folder, SEQUELIZE, SEQUELIZE_SYNC) as modelled:
            assert migrated.get("table", "public.members") is not None
            left = differences(migrated, modelled)
    ignored = [item for item in left if not item.object.name.endswith("_not_null")]
    assert [(item.object.key, item.changed) for item in ignored] == []


def test_attributes_are_written_as_the_model_writes_them(tmp_path: Path) -> None:
    folder = models(tmp_path)
    edits: list[ModelEdit] = [
        AddColumn("users", ColumnModel("seen_at", "date")),
        RenameColumn("users", "email", "mail"),
        DropColumn("users", "rank"),
        AddColumn("posts", ColumnModel("seen_at", "date", False)),
        DropColumn("posts", "title"),
    ]
    user = USER.replace(
        "    rank: DataTypes.INTEGER\n",
        "    seenAt: { type: DataTypes.DATEONLY, field: 'seen_at' }\n",
    )
    user = user.replace(
        "email:   DataTypes.STRING(320)", "email:   { type: DataTypes.STRING(320), field: 'mail' }"
    )
    user = user.replace("{ name: 'by_rank', fields: ['rank'] }, ", "")
    post = POST.replace("declare title: string", "declare seenAt: string")
    post = post.replace(
        "title: {\n        type: DataTypes.TEXT", "seenAt: {\n        type: DataTypes.DATEONLY"
    )
    assert after_edits(folder, *edits) == {"a.model.js": user, "b.model.ts": post}


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            DropColumn("posts", "author_id"),
            "c.js:1: an association goes by authorId; take it out first",
        ),
        (
            DropColumn("posts", "width"),
            "b.model.ts:10: model Post states no column width; edit it by hand",
        ),
        (
            AddColumn("posts", ColumnModel("title", "text")),
            "b.model.ts:21: table posts has column title already",
        ),
    ],
)
def test_what_cannot_be_told_is_refused(edit: ModelEdit, message: str, tmp_path: Path) -> None:
    folder = models(tmp_path)
    (folder / "c.js").write_text("Post.belongsTo(User, { foreignKey: 'authorId' });\n")
    with pytest.raises(InputError) as caught:
        after_edits(folder, edit)
    assert str(caught.value) == message


def test_a_new_tables_model_is_left_to_the_user(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a new table's model is not written, notes"):
        after_edits(models(tmp_path), CreateTable("notes", (ColumnModel("id", "integer"),)))
