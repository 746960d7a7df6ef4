"""Drop the code of the old shop, and say in which currency orders are."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.drop_column("orders", "legacy_code")
    op.add_column(
        "orders", sa.Column("currency", sa.String(3), server_default="USD", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("orders", "currency")
    op.add_column("orders", sa.Column("legacy_code", sa.String(40), nullable=False))
