"""How far standbys are behind, as the primary sees it."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import psycopg

#: Columns that the role may not see are NULL, the state among them (PostgreSQL manual,
#: "pg_stat_replication").
_LAG = """
SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8,
       count(*) FILTER (WHERE r.pid IS NOT NULL AND r.state IS NULL),
       min(pg_wal_lsn_diff(r.replay_lsn, '0/0'))::float8,
       coalesce(max(extract(epoch FROM r.replay_lag))
                FILTER (WHERE r.replay_lsn < pg_current_wal_lsn()) * 1000, 0)::float8
  FROM (VALUES (1)) one LEFT JOIN pg_stat_replication r ON true
"""

#: How many positions are remembered; older ones go first.
REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Lag:
    """The largest replay lag in milliseconds, and how many standbys the role may not look at."""

    ms: float
    unseen: int


@dataclass
class LagGauge:
    """Reads the lag, and remembers when the log was where.

    `replay_lag` stands still while a standby replays nothing at all; a position that was written
    some time ago and is not replayed tells how long that has been so.
    """

    written: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def read(self, connection: psycopg.Connection[Any]) -> Lag:
        """Read the lag of the standbys that are connected."""
        row = connection.execute(_LAG).fetchone()
        assert row is not None
        position, unseen, replayed, reported = row
        now = time.monotonic()
        if replayed is None:
            return Lag(0.0, unseen)
        while self.written and self.written[0][1] <= replayed:
            self.written.popleft()
        waited = (now - self.written[0][0]) * 1000 if self.written else 0.0
        if position > replayed:
            self.written.append((now, position))
        return Lag(max(reported, waited), unseen)
