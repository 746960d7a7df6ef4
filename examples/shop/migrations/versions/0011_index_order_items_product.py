"""Find the orders of a product."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_index("ix_order_items_product_id", "order_items", ["product_id"])
    op.create_foreign_key(
        "fk_order_items_product_id_products", "order_items", "products", ["product_id"], ["id"]
    )


def downgrade() -> None:
    op.drop_constraint("fk_order_items_product_id_products", "order_items")
    op.drop_index("ix_order_items_product_id", table_name="order_items")
