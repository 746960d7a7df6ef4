"""Orders can be refunded, and items have a discount."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("ALTER TYPE order_status ADD VALUE 'refunded'")
    op.add_column("order_items", sa.Column("discount", sa.Numeric(12, 2)))


def downgrade() -> None:
    op.drop_column("order_items", "discount")
