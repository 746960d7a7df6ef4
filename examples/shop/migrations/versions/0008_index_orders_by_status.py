"""Index orders by status, without stopping writes."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_orders_status_created_at",
            "orders",
            ["status", "created_at"],
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(
            "ix_orders_status_created_at", table_name="orders", postgresql_concurrently=True
        )
