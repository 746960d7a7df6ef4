"""Values near one that a row already holds: what comparisons between columns ask for."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from random import Random

from dbspecialist.twins.rows.hints import NUMERIC, TEMPORAL, WHOLE
from dbspecialist.twins.rows.structure import DataType

#: Distances in seconds: a minute, an hour, a day, a week, a month, a quarter, a year.
SECONDS = (60, 3600, 86_400, 7 * 86_400, 30 * 86_400, 91 * 86_400, 366 * 86_400)


def neighbour(literal: str, wanted: DataType, rng: Random) -> str:
    """Return a value near the given one, or that value where the type has no distances."""
    base = wanted.root.base
    if base in TEMPORAL:
        return _moment(literal, base, rng)
    if base in NUMERIC:
        return _number(literal, base, rng)
    return literal


def _moment(literal: str, base: str, rng: Random) -> str:
    distance = timedelta(seconds=rng.choice(SECONDS) * rng.choice((-2, -1, 1, 2)))
    try:
        moment = datetime.fromisoformat(literal) + distance
    except (ValueError, OverflowError):  # infinity, BC and other forms that Python cannot tell
        return literal
    return moment.date().isoformat() if base == "date" else moment.isoformat(" ")


def _number(literal: str, base: str, rng: Random) -> str:
    try:
        number = Decimal(literal)
    except InvalidOperation:
        return literal
    if not number.is_finite():
        return literal
    near = rng.choice((number + 1, number - 1, number * 2, number / 2, -number, number + 10))
    return str(int(near)) if base in WHOLE else format(near, "f")
