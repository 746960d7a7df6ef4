"""Say where customers live."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column(
        "customers", sa.Column("country", sa.String(2), server_default="US", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("customers", "country")
