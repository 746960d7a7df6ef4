"""Each kind of edit on the example's models: migrated and modelled end in one catalogue."""

import shutil
from pathlib import Path

import pytest
from model_trials import left_over

from dbspecialist.facts.model_edit import (
    AddCheck,
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
)
from dbspecialist.twins.cluster import Cluster

SHOP = Path(__file__).parents[2] / "examples" / "shop" / "shop"

CASES: dict[str, tuple[list[ModelEdit], str]] = {
    "columns go and are renamed": (
        [
            DropColumn("stock", "quantity"),
            DropColumn("products", "description"),
            RenameColumn("warehouses", "city", "town"),
            RenameColumn("products", "price", "amount"),
            RenameColumn("categories", "id", "number"),
        ],
        """
        alter table stock drop quantity;
        alter table products drop description;
        alter table warehouses rename city to town;
        alter table warehouses rename constraint warehouses_city_not_null
            to warehouses_town_not_null;
        alter table products rename price to amount;
        alter table products rename constraint products_price_not_null
            to products_amount_not_null;
        alter table categories rename id to number;
        alter table categories rename constraint categories_id_not_null
            to categories_number_not_null;
        alter sequence categories_id_seq rename to categories_number_seq
        """,
    ),
    "columns change": (
        [
            ChangeColumn("products", "title", type="text"),
            ChangeColumn("products", "description", type="jsonb"),
            ChangeColumn("customers", "phone", type="character varying"),
            ChangeColumn("addresses", "line1", type="character varying(80)"),
            ChangeColumn("customers", "full_name", nullable=True),
            ChangeColumn("products", "deleted_at", nullable=False),
            ChangeColumn("customers", "phone", default="'none'::character varying"),
            ChangeColumn("customers", "country", default=""),
            ChangeColumn("warehouses", "city", comment="where it is", default="'x'"),
        ],
        """
        alter table products alter title type text, alter deleted_at set not null,
            alter description type jsonb using description::jsonb;
        alter table customers alter phone type varchar, alter full_name drop not null,
            alter phone set default 'none', alter country drop default;
        alter table addresses alter line1 type varchar(80);
        alter table warehouses alter city set default 'x';
        comment on column warehouses.city is 'where it is'
        """,
    ),
    "indexes and constraints come": (
        [
            AddIndex("warehouses", "ix_city", ("city",)),
            AddIndex("products", "ix_low", ("lower(title)", "sku"), predicate="deleted_at IS NULL"),
            AddIndex("products", "ix_attributes", ("attributes",), method="gin"),
            AddIndex("orders", "ix_inc", ("customer_id",), unique=True, include=("status",)),
            AddUnique("warehouses", "one_city", ("city", "code")),
            AddCheck("warehouses", "ck_warehouses_long", "length(city) > 1"),
            AddCheck("warehouses", "free_name", "length(city) > 2"),
            AddForeignKey(
                "stock",
                ForeignKeyModel("fk_q", ("quantity",), "public.warehouses", ("id",), "CASCADE"),
            ),
            AddUnique("products", "two", ("id", "price")),
            AddForeignKey(
                "products",
                ForeignKeyModel("fk_two", ("category_id", "price"), "products", ("id", "price")),
            ),
        ],
        """
        create index ix_city on warehouses(city);
        create index ix_low on products(lower(title), sku) where deleted_at is null;
        create index ix_attributes on products using gin(attributes);
        create unique index ix_inc on orders(customer_id) include (status);
        alter table warehouses add constraint one_city unique(city, code),
            add constraint ck_warehouses_long check (length(city) > 1),
            add constraint free_name check (length(city) > 2);
        alter table stock add constraint fk_q
            foreign key (quantity) references warehouses on delete cascade;
        alter table products add constraint two unique (id, price);
        alter table products add constraint fk_two
            foreign key (category_id, price) references products (id, price)
        """,
    ),
    "indexes and constraints go": (
        [
            DropIndex("addresses", "ix_addresses_customer_id", ("customer_id",)),
            DropConstraint("warehouses", "uq_warehouses_code", "unique", ("code",)),
            DropConstraint("products", "ck_products_price_not_negative", "check"),
            DropIndex("orders", "ix_orders_status_created_at", ("status", "created_at")),
            DropConstraint(
                "stock", "fk_stock_warehouse_id_warehouses", "foreign key", ("warehouse_id",)
            ),
        ],
        """
        drop index ix_addresses_customer_id;
        drop index ix_orders_status_created_at;
        alter table warehouses drop constraint uq_warehouses_code;
        alter table products drop constraint ck_products_price_not_negative;
        alter table stock drop constraint fk_stock_warehouse_id_warehouses
        """,
    ),
    "tables and labels": (
        [
            CreateTable(
                "public.loyalty_cards",
                (
                    ColumnModel("id", "bigint", False, identity="always"),
                    ColumnModel("customer_id", "bigint", False),
                    ColumnModel("class", "text", True, "'x'::text", "which"),
                ),
                ("id",),
                (
                    ForeignKeyModel(
                        "fk_cards", ("customer_id",), "public.customers", ("id",), "CASCADE"
                    ),
                ),
                "cards",
            ),
            CreateTable("notes", (ColumnModel("number", "integer", False),), ("number",)),
            DropTable("stock"),
            AddEnumValue("order_status", "lost", after="paid"),
        ],
        """
        create table loyalty_cards(
            id bigint generated always as identity,
            customer_id bigint not null,
            class text default 'x',
            constraint pk_loyalty_cards primary key (id),
            constraint fk_cards foreign key (customer_id) references customers on delete cascade
        );
        comment on column loyalty_cards.class is 'which';
        comment on table loyalty_cards is 'cards';
        create table notes(number int, constraint pk_notes primary key (number));
        drop table stock;
        alter type order_status add value 'lost' after 'paid'
        """,
    ),
}


@pytest.mark.parametrize(("edits", "sql"), CASES.values(), ids=CASES.keys())
def test_models_and_database_agree(
    edits: list[ModelEdit], sql: str, cluster: Cluster, tmp_path: Path
) -> None:
    shutil.copytree(SHOP, tmp_path / "shop")
    left = left_over(cluster, tmp_path, edits, sql, "shop.models:Base")
    assert [(item.object.key, item.changed) for item in left] == []
