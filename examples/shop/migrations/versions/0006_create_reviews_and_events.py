"""Create reviews and the event log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("body", sa.String()),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
        sa.UniqueConstraint("product_id", "customer_id", name="uq_reviews_product_id"),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name="fk_reviews_product_id_products"),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_reviews_customer_id_customers"
        ),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name="rating_in_range"),
    )
    op.create_index("ix_reviews_customer_id", "reviews", ["customer_id"])
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("customer_id", sa.BigInteger()),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column(
            "payload", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("happened_at", sa.DateTime(), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
    )
    op.create_index("ix_events_happened_at", "events", ["happened_at"])


def downgrade() -> None:
    op.drop_table("events")
    op.drop_table("reviews")
