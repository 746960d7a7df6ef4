"""Dates and times: rows lie 37 days apart, and within a row later columns are later."""

from __future__ import annotations

from datetime import datetime, timedelta

from dbspecialist.twins.rows.families.request import Request

TYPES = frozenset({"date", "timestamp", "timestamptz", "time", "timetz", "interval"})

START = datetime(2024, 1, 15, 8, 30)
ROW_STEP = timedelta(days=37)


def value(request: Request) -> str:
    """Make a point in time or a length of time."""
    base = request.type.base
    if base == "interval":
        return f"{request.row + 1} days {request.position} hours"
    if base in ("time", "timetz"):
        minutes = (request.row * 37 + request.position * 11) % (24 * 60)
        zone = "+00" if base == "timetz" else ""
        return f"{minutes // 60:02d}:{minutes % 60:02d}:00{zone}"
    step = timedelta(days=1) if base == "date" else timedelta(hours=1)
    moment = START + request.row % 5000 * ROW_STEP + request.position * step
    if request.row % 5 == 4:  # the beginning of a month, which constraints ask for
        moment = moment.replace(day=1, hour=0, minute=0)
    if base == "date":
        return moment.date().isoformat()
    return moment.isoformat(" ") + ("+00" if base == "timestamptz" else "")
