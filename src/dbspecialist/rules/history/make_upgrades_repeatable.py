"""An upgrade that fails after its downgrade can be deployed once.

## What it does
Runs each upgrade a second time after its downgrade, and reports those that fail or end in
another schema.

## Why it matters
The usual cause is a type: dropping a table leaves the enum of its column, and the next upgrade
fails with 42710.

## Example
    def downgrade():
        op.drop_table("orders")  # and the type order_status stays

## Use instead
    def downgrade():
        op.drop_table("orders")
        op.execute("DROP TYPE order_status")

## What proves it
The second upgrade, run on the twin.

## Source
SQLAlchemy documentation, PostgreSQL dialect, "ENUM Types".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.history._round_trips import told

TITLE = "Leave nothing behind that stops the next upgrade"
SEVERITY = "warning"
ENGINES = ("postgresql", "mysql", "mariadb", "sqlite")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding where the way back went so."""
    return told(
        trial,
        "unrepeatable",
        severity="warning",
        effect="it cannot be run again after its way back",
        help_="take back in the downgrade what stops the next upgrade, such as types",
    )
