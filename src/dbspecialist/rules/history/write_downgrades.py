"""A migration whose downgrade does nothing cannot be taken back.

## What it does
Reports downgrades that run without an error and send no statement although the upgrade changed
something.

## Why it matters
The toolchain records the revision as taken back while the schema is still the new one. The
next upgrade then fails.

## Example
    def downgrade():
        pass

## Use instead
    def downgrade():
        op.drop_column("orders", "note")

## What proves it
No statement reached the engine, and the catalogue or rows are not as before.

## Source
Alembic documentation, "Operation Reference".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.history._round_trips import told

TITLE = "Write the downgrade"
SEVERITY = "warning"
ENGINES = ("postgresql", "mysql", "mariadb", "sqlite")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding where the way back went so."""
    return told(
        trial,
        "empty",
        severity="warning",
        effect="its way back is empty",
        help_="write the downgrade, or raise in it to say that there is none",
    )
