"""Differences of catalogues in sentences, long definitions cut to where they differ."""

from __future__ import annotations

from itertools import takewhile

from dbspecialist.facts.catalogue import Difference

#: The longest text of an attribute that is shown whole, in characters.
LONGEST = 80
#: Characters shown before the first that differs.
LEAD = 20


def sentence(item: Difference) -> str:
    """Say how an object differs after a way back."""
    name = f"{item.object.kind} {item.object.name}"
    if item.after is None:
        return f"{name} is gone"
    if item.before is None:
        return f"{name} is left over"
    old, new = item.before.attributes, item.after.attributes
    parts = (_change(key, old.get(key), new.get(key)) for key in item.changed)
    return f"{name}: " + ", ".join(parts)


def _change(key: str, old: str | None, new: str | None) -> str:
    pairs = zip(old or "", new or "", strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return f"{key} was {_shown(old, same)} and is {_shown(new, same)}"


def _shown(text: str | None, same: int) -> str:
    """Quote a text; of a long one what lies about its first `same` characters."""
    if text is None or len(text) <= LONGEST:
        return repr(text)
    start = max(0, same - LEAD)
    end = start + LONGEST
    return f"{'…' if start else ''}{text[start:end]!r}{'…' if end < len(text) else ''}"
