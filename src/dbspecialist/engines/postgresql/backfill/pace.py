"""The pace of a backfill: how many rows at once, and how long to rest."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from dbspecialist.facts.backfill import BackfillLimits

#: How much larger or smaller one batch makes the next.
GROWTH, SHRINKAGE = 1.5, 0.5
#: The part of a batch's time that is rested after it.
REST = 0.25
FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 50.0, 10_000.0


@dataclass
class Pace:
    """Adapts the batches' size to their time, and pauses to what is in their way.

    Args:
        limits: What the user allows.
        rng: Where jitter comes from: two jobs that were refused together come back apart.
    """

    limits: BackfillLimits
    rng: random.Random = field(default_factory=random.Random)
    rows: int = 0
    refusals: int = 0

    def __post_init__(self) -> None:
        self.rows = self.rows or min(self.limits.batch_rows, self.limits.largest_batch)

    def done(self, keys: int, ms: float) -> float:
        """Take note of a batch and return how long to rest, in milliseconds.

        A batch of fewer keys than asked for says nothing of a full one's time.
        """
        self.refusals = 0
        if keys >= self.rows or ms > self.limits.target_ms:
            factor = self.limits.target_ms / max(ms, 0.1)
            self._scale(min(GROWTH, max(SHRINKAGE, factor)))
        rest = ms * REST if ms <= 2 * self.limits.target_ms else ms
        return rest if self.limits.pause_ms is None else self.limits.pause_ms

    def refused(self) -> float:
        """Take note of a batch that did not get its locks or its time; return the pause in ms."""
        self._scale(SHRINKAGE)
        return self.waited()

    def waited(self) -> float:
        """Return the next pause, in milliseconds: each is twice the one before, with jitter."""
        pause: float = min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2.0 ** min(self.refusals, 20))
        self.refusals += 1
        return pause * self.rng.uniform(0.5, 1.0)

    def _scale(self, factor: float) -> None:
        self.rows = max(1, min(self.limits.largest_batch, round(self.rows * factor)))
