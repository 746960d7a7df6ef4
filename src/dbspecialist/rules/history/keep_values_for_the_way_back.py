"""A way back that loses values although they were still there restores an empty shell.

## What it does
Compares the rows of every table after upgrade and downgrade with those before. A loss that the
upgrade itself makes (a dropped column) is told as such.

## Why it matters
After the way back the schema is right and the data is gone.

## Example
    -- up
    ALTER TABLE users ADD COLUMN mail text;
    UPDATE users SET mail = email;
    ALTER TABLE users DROP COLUMN email;
    -- down
    ALTER TABLE users ADD COLUMN email text;
    ALTER TABLE users DROP COLUMN mail;

## Use instead
    -- down
    ALTER TABLE users ADD COLUMN email text;
    UPDATE users SET email = mail;
    ALTER TABLE users DROP COLUMN mail;

## What proves it
Hashes of the rows before and after, on a twin with rows drawn from the statistics.

## Source
PostgreSQL manual, "ALTER TABLE": DROP COLUMN.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding, Severity
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.history._round_trips import told

TITLE = "Keep the values on the way back"
SEVERITY = "warning"
ENGINES = ("postgresql", "mysql", "mariadb", "sqlite")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding where the way back went so."""
    return told(
        trial,
        "lossy",
        severity=_severity(trial),
        effect="its way back loses values",
        help_="copy the values back in the downgrade, or keep them aside in the upgrade",
    )


def _severity(trial: Trial) -> Severity:
    """Return `info` for a loss that no downgrade can help: another rule counts what goes."""
    return "info" if trial.round_trip and trial.round_trip.unavoidable else "warning"
