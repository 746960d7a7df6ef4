"""Storage parameters: set and reset where they differ."""

from __future__ import annotations

import re
from collections.abc import Iterator

_OPTION = re.compile(r"([^=,\s]+)=(E?'(?:[^']|'')*')")


def options(text: str) -> dict[str, str]:
    """Read the inside of WITH (…) as the catalogue writes it."""
    return dict(_OPTION.findall(text))


def option_changes(alter: str, old: str, new: str, prefix: str = "") -> Iterator[str]:
    """Write SET (…) and RESET (…) behind the beginning of an ALTER.

    Args:
        alter: The statement's beginning.
        old: The parameters that there are.
        new: The parameters that are wanted.
        prefix: What stands before each name (`toast.`).
    """
    was, now = options(old), options(new)
    changed = [f"{prefix}{name}={value}" for name, value in now.items() if was.get(name) != value]
    gone = [f"{prefix}{name}" for name in was if name not in now]
    if changed:
        yield f"{alter} SET ({', '.join(changed)})"
    if gone:
        yield f"{alter} RESET ({', '.join(gone)})"
