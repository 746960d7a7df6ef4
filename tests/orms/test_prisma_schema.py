"""An edited schema.prisma: Prisma's own engine makes of it what the migration makes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from model_trials import after_edits, made
from node_projects import installed

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
    CreateTable,
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

PACKAGES = {"prisma": "6.19.3", "@prisma/adapter-pg": "6.19.3", "pg": "8.16.3"}

SCHEMA = """generator client {
  provider = "prisma-client-js"
}

datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}

enum Status {
  NEW
  PAID @map("paid")

  @@map("status")
}

model User {
  id        BigInt   @id @default(autoincrement())
  email     String   @unique // kept
  firstName String?  @map("first_name") @db.VarChar(80)
  createdAt DateTime @default(now()) @map("created_at")
  posts     Post[]

  @@index([firstName])
  @@map("users")
}

model Post {
  id       Int    @id
  title    String
  authorId BigInt @map("author_id")
  author   User   @relation(fields: [authorId], references: [id])
  status   Status @default(NEW)
  rank     Int

  @@unique([title, rank])
  @@map("posts")
}

/// What is said.
model Note {
  id   Int    @id
  text String

  @@map("notes")
}
"""

EDITS: list[ModelEdit] = [
    AddColumn("users", ColumnModel("seen_at", "timestamp(3) without time zone")),
    AddColumn("users", ColumnModel("credit", "numeric(10,2)", False, "0")),
    AddColumn("users", ColumnModel("is_admin", "boolean", False, "false")),
    AddColumn("users", ColumnModel("tags", "text[]", True, "ARRAY[]::text[]")),
    AddColumn("users", ColumnModel("data", "jsonb", False, "'{}'::jsonb")),
    AddColumn("users", ColumnModel("state", "status", False, "'paid'::status")),
    AddColumn("users", ColumnModel("key", "uuid", False, "gen_random_uuid()")),
    RenameColumn("users", "email", "mail"),
    RenameColumn("users", "first_name", "given_name"),
    DropColumn("posts", "rank"),
    ChangeColumn("posts", "title", type="character varying(200)", nullable=True),
    ChangeColumn("users", "given_name", type="text", default="'?'::text", nullable=False),
    ChangeColumn("posts", "status", default=""),
    AddIndex("posts", "posts_author_id_idx", ("author_id",)),
    AddIndex("users", "by_data", ("data",), method="gin"),
    AddUnique("posts", "posts_title_key", ("title",)),
    AddCheck("posts", "long", "length(title) > 1"),
    DropConstraint("posts", "posts_author_id_fkey", "foreign key", ("author_id",)),
    AddForeignKey(
        "posts", ForeignKeyModel("by_author", ("author_id",), "public.users", ("id",), "CASCADE")
    ),
    AddForeignKey(
        "notes", ForeignKeyModel("notes_id_fkey", ("id",), "posts", ("id",), "RESTRICT", "CASCADE")
    ),
    DropIndex("users", "users_first_name_idx", ("given_name",)),
    CreateTable(
        "public.post_likes",
        (
            ColumnModel("post_id", "integer", False),
            ColumnModel("user_id", "bigint", False),
            ColumnModel("weight", "double precision", False, "1.5"),
        ),
        ("post_id", "user_id"),
        (
            ForeignKeyModel(
                "post_likes_post_id_fkey", ("post_id",), "posts", ("id",), "CASCADE", "CASCADE"
            ),
        ),
    ),
    RenameTable("notes", "remarks"),
    AddEnumValue("status", "sent back", after="NEW"),
]

SQL = """
alter table users add seen_at timestamp(3), add credit numeric(10,2) not null default 0,
    add is_admin boolean not null default false, add tags text[] default '{}'::text[],
    add data jsonb not null default '{}', add state status not null default 'paid',
    add key uuid not null default gen_random_uuid();
alter table users alter tags set default array[]::text[];
alter table users rename email to mail;
alter table users rename first_name to given_name;
alter table posts drop rank;
alter table posts alter title type varchar(200), alter title drop not null;
alter table users alter given_name type text, alter given_name set default '?',
    alter given_name set not null;
alter table posts alter status drop default;
create index posts_author_id_idx on posts(author_id);
create index by_data on users using gin(data);
create unique index posts_title_key on posts(title);
alter table posts drop constraint posts_author_id_fkey;
alter table posts add constraint by_author foreign key (author_id) references users(id)
    on delete cascade;
alter table notes add constraint notes_id_fkey foreign key (id) references posts(id)
    on delete restrict on update cascade;
drop index users_first_name_idx;
create table post_likes(
    post_id integer not null,
    user_id bigint not null,
    weight double precision not null default 1.5,
    constraint post_likes_pkey primary key (post_id, user_id),
    constraint post_likes_post_id_fkey foreign key (post_id) references posts(id)
        on delete cascade on update cascade
);
alter table notes rename to remarks;
alter type status add value 'sent back' after 'NEW';
"""


@pytest.mark.needs_node
def test_prisma_makes_what_the_migration_makes(cluster: Cluster, tmp_path: Path) -> None:
    schema = tmp_path / "schema.prisma"
    schema.write_text(SCHEMA)
    before = prisma_sql(cluster, schema)
    after_edits(tmp_path, *EDITS)
    after = prisma_sql(cluster, schema)
    with made(cluster, [before, SQL]) as migrated, made(cluster, [after]) as modelled:
        left = differences(migrated, modelled)
    ignored = [item for item in left if not item.object.name.endswith("_not_null")]
    assert [(item.object.key, item.changed) for item in ignored] == []


def prisma_sql(cluster: Cluster, schema: Path) -> str:
    """Return what Prisma's schema engine makes of a schema from nothing."""
    modules = installed(**PACKAGES)
    (schema.parent / "node_modules").unlink(missing_ok=True)
    (schema.parent / "node_modules").symlink_to(modules)
    (schema.parent / "prisma.config.ts").write_text(CONFIG)
    run = subprocess.run(
        [
            *("node", "node_modules/prisma/build/index.js", "migrate", "diff", "--script"),
            *("--from-empty", "--to-schema-datamodel", schema.name),
        ],
        cwd=schema.parent,
        env={
            **os.environ,
            "PRISMA_QUERY_ENGINE_LIBRARY": "/bin/true",
            "CHECKPOINT_DISABLE": "1",
            "DATABASE_URL": cluster.url("postgres"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


#: The engine that runs in Node alone; its timer would hold the process for ten seconds.
CONFIG = """
import { defineConfig } from 'prisma/config'
import { PrismaPg } from '@prisma/adapter-pg'
const wait = globalThis.setTimeout
globalThis.setTimeout = (f, ms, ...a) => {
  const t = wait(f, ms, ...a)
  if (ms === 10000) t.unref()
  return t
}
export default defineConfig({
  experimental: { adapter: true }, engine: 'js', schema: 'schema.prisma',
  adapter: async () => new PrismaPg({ connectionString: process.env.DATABASE_URL }) })
"""


def test_lines_keep_their_layout(tmp_path: Path) -> None:
    (tmp_path / "schema.prisma").write_text(SCHEMA)
    edits: list[ModelEdit] = [
        AddColumn("users", ColumnModel("seen_at", "timestamp(6) with time zone")),
        RenameColumn("users", "email", "mail"),
        DropTable("notes"),
    ]
    expected = SCHEMA.replace(
        '  createdAt DateTime @default(now()) @map("created_at")\n',
        '  createdAt DateTime @default(now()) @map("created_at")\n'
        '  seenAt    DateTime? @map("seen_at") @db.Timestamptz(6)\n',
    )
    expected = expected.replace(
        "String   @unique // kept", 'String   @unique(map: "users_email_key") @map("mail") // kept'
    )
    expected = expected[: expected.index("\n/// What is said.")]
    assert after_edits(tmp_path, *edits) == {"schema.prisma": expected}


def test_drop_of_a_related_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "schema.prisma").write_text(SCHEMA)
    with pytest.raises(InputError) as caught:
        after_edits(tmp_path, DropColumn("posts", "author_id"))
    assert str(caught.value) == (
        "schema.prisma:32: relation author goes by column author_id; drop its foreign key first"
    )
    with pytest.raises(InputError, match="relation author of Post refers to User"):
        after_edits(tmp_path, DropTable("users"))
