"""Remember whose email address was verified."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("customers", sa.Column("email_verified", sa.Boolean()))
    op.execute("UPDATE customers SET email_verified = false")
    op.alter_column(
        "customers", "email_verified", nullable=False, server_default=sa.text("false")
    )


def downgrade() -> None:
    op.drop_column("customers", "email_verified")
