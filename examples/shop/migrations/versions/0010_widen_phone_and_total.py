"""Make room for longer phone numbers and larger totals."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.alter_column("customers", "phone", type_=sa.String(40), existing_type=sa.String(20))
    op.alter_column(
        "orders", "total", type_=sa.Numeric(14, 2), existing_type=sa.Numeric(12, 2)
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.alter_column(
        "orders", "total", type_=sa.Numeric(12, 2), existing_type=sa.Numeric(14, 2)
    )
    op.alter_column("customers", "phone", type_=sa.String(20), existing_type=sa.String(40))
