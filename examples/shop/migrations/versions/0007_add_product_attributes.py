"""Give products free attributes and a soft delete."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column(
        "products",
        sa.Column("attributes", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("products", sa.Column("deleted_at", sa.DateTime()))


def downgrade() -> None:
    op.drop_column("products", "deleted_at")
    op.drop_column("products", "attributes")
