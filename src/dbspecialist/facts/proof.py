"""Proofs and the four verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Verdict = Literal["proven", "tested", "refuted", "unchecked"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True, slots=True)
class Proof:
    """One claim and how far it holds.

    Args:
        claim: The statement that is judged, one sentence without a full stop.
        verdict: `proven`: an engine did it or an exact procedure decided it. `tested`: it held
            on `tries` tries. `refuted`: it is false and `basis` holds the counterexample.
            `unchecked`: nobody looked and `basis` says why.
        basis: What was run and what was seen, or why nothing was.
        tries: The number of tries behind `tested`.
    """

    claim: str
    verdict: Verdict
    basis: str
    tries: int | None = None
