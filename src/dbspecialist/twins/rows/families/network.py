"""Network addresses from the ranges that are reserved for private use."""

from __future__ import annotations

from dbspecialist.twins.rows.families.request import Request

TYPES = frozenset({"inet", "cidr", "macaddr", "macaddr8"})


def value(request: Request) -> str:
    """Make an address, IPv6 in every fourth row."""
    high, low = divmod(request.row + 1, 250)
    match request.type.base:
        case "cidr":
            return f"10.{high % 250}.{low}.0/24"
        case "inet":
            return f"fd00::{high:x}:{low:x}" if request.row % 4 == 3 else f"10.0.{high % 250}.{low}"
        case "macaddr":
            return f"02:00:00:00:{high % 256:02x}:{low:02x}"
        case _:
            return f"02:00:00:ff:fe:00:{high % 256:02x}:{low:02x}"
