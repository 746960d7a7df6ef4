"""Every payment has its provider's reference, once."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.alter_column("payments", "provider_reference", nullable=False)
    op.create_unique_constraint(
        "uq_payments_provider_reference", "payments", ["provider_reference"]
    )


def downgrade() -> None:
    op.drop_constraint("uq_payments_provider_reference", "payments")
    op.alter_column("payments", "provider_reference", nullable=True)
