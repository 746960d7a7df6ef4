"""What rules about rewritten tables share: the finding, from its subject and its reason."""

from __future__ import annotations

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, blocked_for, by_blocked_time, seen, time_evidence


def rewrite_finding(
    trial: Trial,
    run: Run,
    statement: StatementEffects,
    rewritten: tuple[str, str],
    *,
    subject: str,
    reason: str,
    help: str,
) -> Finding:
    """Return the finding of a table that is written anew while reads and writes wait.

    Args:
        rewritten: The table, and that of its partitions whose rewrite takes longest or itself.
        subject: What rewrites it ("Column public.users.email rewrites public.users").
        reason: The engine's.
        help: What to write instead.
    """
    table, leaf = rewritten
    waited = blocked_for(statement, leaf, run)
    return finding(
        severity=by_blocked_time(statement, leaf, run),
        message=f"{subject}: reads and writes wait {waited} (AccessExclusiveLock)",
        location=at(trial, statement),
        evidence=(
            seen(f"writes {leaf} anew: {reason}"),
            time_evidence(statement, leaf, run),
        ),
        help=help,
        relation=table,
    )
