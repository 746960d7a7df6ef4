"""libpq's environment variables: they are meant for the user's database and not for twins."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

#: Those that decide how and where a connection is made or how its texts are written (manual,
#: "libpq: Environment Variables"). Names and passwords stay: programs of a project may ask for
#: them, and a URL overrides them.
STEERING = (
    *("PGSERVICE", "PGSERVICEFILE", "PGOPTIONS", "PGHOSTADDR", "PGTARGETSESSIONATTRS"),
    *("PGSSLMODE", "PGREQUIRESSL", "PGSSLNEGOTIATION", "PGGSSENCMODE", "PGCHANNELBINDING"),
    *("PGREQUIREAUTH", "PGMINPROTOCOLVERSION", "PGMAXPROTOCOLVERSION", "PGLOADBALANCEHOSTS"),
    *("PGCLIENTENCODING", "PGDATESTYLE", "PGTZ", "PGGEQO"),
)

_hidden: dict[str, str] = {}


@contextmanager
def hidden_variables() -> Iterator[None]:
    """Take the steering variables out of the environment until the end of the block."""
    taken = {name: os.environ.pop(name) for name in STEERING if name in os.environ}
    _hidden.update(taken)
    try:
        yield
    finally:
        os.environ.update(taken)
        for name in taken:
            _hidden.pop(name, None)


@contextmanager
def shown_variables() -> Iterator[None]:
    """Put them back within `hidden_variables`, for the user's own database."""
    given = dict(_hidden)
    os.environ.update(given)
    try:
        yield
    finally:
        for name in given:
            os.environ.pop(name, None)
