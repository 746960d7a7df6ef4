"""The lease of a job: an advisory lock that one session holds while it carries the job out."""

from __future__ import annotations

import time
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.backfill.table import raw
from dbspecialist.facts.errors import InputError

#: The advisory lock's key: 64 bits of the job's name.
KEY = "hashtextextended('dbspecialist backfill ' || $1, 0)"

_HOLDER = f"""
SELECT l.pid, to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
  FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
 WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND (l.classid::bigint << 32 | l.objid::bigint) = {KEY}
"""

#: How long the session of a copy that was killed may take to end.
ENDING_SECONDS = 5.0


def take_lease(
    connection: psycopg.Connection[Any], job: str, *, seconds: float = ENDING_SECONDS
) -> None:
    """Take the job's advisory lock for this session.

    Raises:
        InputError: Where another session holds it all the time.
    """
    deadline = time.monotonic() + seconds
    query = f"SELECT pg_try_advisory_lock({KEY})"
    while raw(connection).execute(query, [job]).fetchone() != (True,):
        if time.monotonic() > deadline:
            raise _refused(connection, job)
        time.sleep(0.1)


def _refused(connection: psycopg.Connection[Any], job: str) -> InputError:
    row = raw(connection).execute(_HOLDER, [job]).fetchone()
    who = f"server process {row[0]}, connected since {row[1]}" if row else "a session that has gone"
    return InputError(
        f"another copy carries job {job} out ({who})", "", "let it end, or end it and run it again"
    )
