"""The report of a backfill, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from dbspecialist.facts.backfill import BackfillEstimate, BackfillReport, BackfillState
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.units import count, duration, plural
from dbspecialist.reports._clean import one_line


def render(report: BackfillReport, format_: str) -> str:
    """Write the report in one of the two formats; a program stands alone."""
    if format_ == "json":
        return json.dumps(asdict(report), ensure_ascii=False, indent=2)
    if report.did == "render":
        return report.text
    return "\n".join(one_line(line) for line in _lines(report))


def _lines(report: BackfillReport) -> Iterator[str]:
    yield report.receipt.plan.statement
    yield ""
    yield from _head(report)
    if report.estimate is not None:
        yield from _estimate(report.estimate)
    yield ""
    for proof in (*report.receipt.proofs, *report.proofs):
        yield _proof(proof)
    for note in report.notes:
        yield f"note: {note}"


def _head(report: BackfillReport) -> Iterator[str]:
    job = report.receipt.job
    if report.did == "plan":
        yield f"job {job} is planned; nothing was written to the database"
    elif report.did == "dry run":
        yield "dry run; nothing was written"
    if report.state is not None:
        yield from _state(report.state)


def _state(state: BackfillState) -> Iterator[str]:
    yield (
        f"job {state.job} is done: {plural(state.rows, 'row')} changed,"
        f" {state.keys:,} looked at, in {_batches(state.batches)}"
    )
    yield f"begun {state.started_at}, ended {state.finished_at}, {plural(state.fence, 'start')}"


def _estimate(takes: BackfillEstimate) -> Iterator[str]:
    yield (
        f"about {count(takes.matching)} of {count(takes.rows)} rows, {_batches(takes.batches)},"
        f" {duration(takes.duration_ms)} (estimated: {takes.basis})"
    )


def _batches(number: int) -> str:
    return "1 batch" if number == 1 else f"{number:,} batches"


def _proof(proof: Proof) -> str:
    tries = f" on {plural(proof.tries, 'row')}" if proof.verdict == "tested" and proof.tries else ""
    return f"{proof.verdict}{tries}: {proof.claim} ({proof.basis})"
