"""Edited entities: TypeORM itself makes of them what the migration makes."""

from __future__ import annotations

from pathlib import Path

import pytest
from model_trials import after_edits
from node_models import TYPEORM, TYPEORM_SYNC, synchronised

from dbspecialist.facts.catalogue import differences
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import (
    AddCheck,
    AddColumn,
    AddEnumValue,
    AddForeignKey,
    AddIndex,
    AddUnique,
    ChangeColumn,
    ColumnModel,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    ForeignKeyModel,
    ModelEdit,
    RenameColumn,
    RenameTable,
)
from dbspecialist.twins.cluster import Cluster

USER = """import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

export enum Status {
  NEW = 'new',
  PAID = 'paid',
}

@Entity({ name: 'users' })
@Index(['email', 'firstName'])
export class User {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id: string;

  // kept
  @Index()
  @Column( 'varchar', { length: 320 } )
  email: string;

  @Column('varchar', { name: 'first_name', length: 80, nullable: true })
  firstName: string | null;

  @Column('enum', { enum: Status, enumName: 'status', default: Status.NEW })
  status: Status;
}
"""

POST = """import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, Unique } from "typeorm"
import { User } from "./user.entity"

@Entity("posts")
@Unique("posts_title", ["title"])
export class Post {
    @PrimaryColumn({ type: "int" })
    id!: number

    @Column({ type: "text" })
    title!: string

    @Column({ type: "int", default: 0 })
    rank!: number

    @Column({ type: "bigint" })
    author_id!: string

    @Column({ type: "bigint", nullable: true })
    editor_id!: string | null

    @ManyToOne(() => User, { onDelete: "CASCADE" })
    @JoinColumn({ name: "author_id", foreignKeyConstraintName: "by_author" })
    author!: User
}
"""

EDITS: list[ModelEdit] = [
    AddColumn("users", ColumnModel("seen_at", "timestamp with time zone", False, "now()")),
    AddColumn("users", ColumnModel("credit", "numeric(10,2)", True, comment="what's left")),
    AddColumn("users", ColumnModel("second", "status", False, "'paid'::status")),
    AddColumn("users", ColumnModel("tags", "text[]", True)),
    AddColumn("posts", ColumnModel("is_open", "boolean", False, "true")),
    AddColumn("posts", ColumnModel("note", "character varying(9)", False, "'x'::text")),
    RenameColumn("users", "email", "mail"),
    DropColumn("posts", "rank"),
    ChangeColumn("posts", "title", type="character varying(200)", nullable=True, comment="head"),
    ChangeColumn("users", "first_name", type="text", nullable=False, default="'?'::text"),
    ChangeColumn("users", "status", default=""),
    AddIndex("posts", "by_note", ("note", "title"), unique=True, predicate="is_open"),
    AddUnique("posts", "one_note", ("note",)),
    AddCheck("posts", "long", "length(title) > 1"),
    DropConstraint("posts", "posts_title", "unique", ("title",)),
    DropConstraint("posts", "by_author", "foreign key", ("author_id",)),
    AddForeignKey(
        "posts", ForeignKeyModel("by_editor", ("editor_id",), "public.users", ("id",), "SET NULL")
    ),
    DropIndex("users", "IDX_97672ac88f789774dd47f7c8be", ("mail",)),
    RenameTable("users", "members"),
    AddEnumValue("status", "sent back", after="new"),
]

SQL = """
alter table users add seen_at timestamptz not null default now(), add credit numeric(10,2),
    add second status not null default 'paid', add tags text[];
comment on column users.credit is 'what''s left';
alter table posts add is_open boolean not null default true,
    add note varchar(9) not null default 'x';
alter table users rename email to mail;
alter table posts drop rank;
alter table posts alter title type varchar(200), alter title drop not null;
comment on column posts.title is 'head';
alter table users alter first_name type text, alter first_name set default '?',
    alter first_name set not null;
alter table users alter status drop default;
create unique index by_note on posts(note, title) where is_open;
alter table posts add constraint one_note unique (note),
    add constraint long check (length(title) > 1);
alter table posts drop constraint posts_title;
alter table posts drop constraint by_author;
alter table posts add constraint by_editor foreign key (editor_id) references users(id)
    on delete set null;
drop index "IDX_97672ac88f789774dd47f7c8be";
alter table users rename to members;
alter sequence users_id_seq rename to members_id_seq;
alter type status add value 'sent back' after 'new';
"""


def entities(root: Path) -> Path:
    folder = root / "entities"
    folder.mkdir()
    (folder / "user.entity.ts").write_text(USER)
    (folder / "post.entity.ts").write_text(POST)
    return folder


@pytest.mark.needs_node
def test_typeorm_makes_what_the_migration_makes(cluster: Cluster, tmp_path: Path) -> None:
    folder = entities(tmp_path)
    with synchronised(cluster, folder, TYPEORM, TYPEORM_SYNC, SQL) as migrated:
        after_edits(folder, *EDITS)
        with synchronised(cluster, folder, TYPEORM, TYPEORM_SYNC) as modelled:
            assert migrated.get("table", "public.members") is not None
            left = differences(migrated, modelled)
    ignored = [item for item in left if not item.object.name.endswith("_not_null")]
    assert [(item.object.key, item.changed) for item in ignored] == []


def test_properties_are_written_as_the_class_writes_them(tmp_path: Path) -> None:
    folder = entities(tmp_path)
    edits: list[ModelEdit] = [
        AddColumn("users", ColumnModel("seen_at", "date", False)),
        RenameColumn("users", "email", "mail"),
        AddColumn("posts", ColumnModel("seen_at", "date")),
        DropColumn("posts", "rank"),
    ]
    user = USER.replace(
        "  status: Status;\n",
        "  status: Status;\n\n  @Column('date', { name: 'seen_at' })\n  seenAt: string;\n",
    )
    user = user.replace("length: 320 }", "length: 320, name: 'mail' }")
    user = user.replace("@Index()", "@Index('IDX_97672ac88f789774dd47f7c8be')")
    user = user.replace("@Index(['email'", "@Index('IDX_dabb232d5fffe04fe8124f811f', ['email'")
    post = POST.replace('    @Column({ type: "int", default: 0 })\n    rank!: number\n\n', "")
    post = post.replace(
        "    editor_id!: string | null\n",
        "    editor_id!: string | null\n\n"
        '    @Column({ type: "date", nullable: true })\n    seen_at!: string | null\n',
    )
    assert after_edits(folder, *edits) == {"post.entity.ts": post, "user.entity.ts": user}


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            DropColumn("posts", "author_id"),
            "post.entity.ts:22: relation author goes by column author_id; "
            "drop its foreign key first",
        ),
        (
            DropColumn("posts", "width"),
            "post.entity.ts:6: class Post states no column width; "
            "edit the class that it inherits from by hand",
        ),
        (
            AddColumn("posts", ColumnModel("place", "geometry")),
            "post.entity.ts:6: no TypeORM type is known for geometry; write the column by hand",
        ),
    ],
)
def test_what_cannot_be_told_is_refused(edit: ModelEdit, message: str, tmp_path: Path) -> None:
    folder = entities(tmp_path)
    with pytest.raises(InputError) as caught:
        after_edits(folder, edit)
    assert str(caught.value) == message


def test_a_dropped_tables_entity_is_left_to_the_user(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a dropped table's entity is not written, posts"):
        after_edits(entities(tmp_path), DropTable("posts"))
