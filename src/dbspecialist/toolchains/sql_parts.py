"""Scripts with phases in place of statements: in one file, or parted into files that follow.

Everything but the replaced statements stays byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dbspecialist.toolchains.sql_places import Place, bare, indent_of, phase_lines

_BEGIN = re.compile(r"(begin|start\s+transaction)\b", re.IGNORECASE)
_COMMIT = re.compile(r"(commit|end)\b", re.IGNORECASE)
_ROLLBACK = re.compile(r"(rollback|abort|savepoint|release)\b", re.IGNORECASE)
_SET_LOCAL = re.compile(r"set\s+local\b", re.IGNORECASE)


def in_place(text: str, found: Sequence[Place]) -> str | None:
    """Return a script that no runner wraps with the phases in it, or nothing.

    A transaction that the script itself begins ends before a phase and begins again behind it.
    """
    changes: list[tuple[int, int, str]] = []
    begun: Place | None = None  # the BEGIN of the transaction that is open
    alone = closed = False
    for place in found:
        sql = place.statement.sql.lstrip()
        if place.phases:
            if begun is not None and not closed:
                changes.append(
                    _without(text, begun) if alone else (place.start,) * 2 + ("COMMIT;\n",)
                )
                closed = True
            lines = "\n".join(_all_lines(place, text))
            changes.append((place.start, place.end, lines.lstrip()))
        elif _BEGIN.match(sql):
            begun, alone, closed = place, True, False
        elif _COMMIT.match(sql):
            if closed:
                changes.append(_without(text, place))
            begun, closed = None, False
        else:
            if begun is not None and (_ROLLBACK.match(sql) or _SET_LOCAL.match(sql)):
                return None
            if closed and begun is not None:
                changes.append((place.start, place.start, f"{bare(begun.statement.sql)};\n"))
                closed = False
            alone = False
    return spliced(text, changes)


def _all_lines(place: Place, text: str) -> Iterator[str]:
    indent = indent_of(text, place.start)
    for phase in place.phases:
        yield from phase_lines(phase, indent, begins=True)


def _without(text: str, place: Place) -> tuple[int, int, str]:
    """Return the change that takes a statement out, with its line where that is empty then."""
    start = text.rfind("\n", 0, place.start) + 1
    end = text.find("\n", place.end) + 1 or len(text)
    whole = not text[start : place.start].strip() and not text[place.end : end].strip()
    return (start, end, "") if whole else (place.start, place.end, "")


def spliced(text: str, changes: Sequence[tuple[int, int, str]]) -> str:
    """Return a text with pieces of it replaced, given as `(start, end, new)` in order."""
    for start, end, new in reversed(changes):
        text = text[:start] + new + text[end:]
    return text


@dataclass(frozen=True, slots=True)
class Part:
    """What stands in one of the files that a script is parted into.

    Args:
        text: Its text.
        transactional: Whether its runner is to wrap it in a transaction.
        statements: How many statements it has.
    """

    text: str
    transactional: bool
    statements: int


def parted(
    text: str, region: tuple[int, int], found: Sequence[Place], *, together: bool
) -> list[Part]:
    """Part a script that its runner wraps in a transaction.

    Args:
        text: The file's text.
        region: Where its way up begins and ends.
        found: The statements of the way up.
        together: Whether a file without a transaction may hold several statements; then phases
            of one statement, which commit by themselves, stand in it as well.
    """
    parts: list[Part] = []
    end, own = region[0], 0
    for place in found:
        if not place.phases:
            own += 1
            continue
        head = text[end : place.start]
        if own:
            parts.append(Part(head.rstrip() + "\n", True, own))
            head = ""
        steps = list(_steps(place, together))
        steps[0] = replace(steps[0], text=head + steps[0].text.lstrip() if head else steps[0].text)
        parts += steps
        end, own = place.end, 0
    tail = text[end : region[1]]
    if own:
        parts.append(Part(tail.lstrip("\n"), True, own))
    else:
        parts[-1] = replace(parts[-1], text=parts[-1].text.rstrip("\n") + tail)
    return _merged(parts) if together else parts


def _steps(place: Place, together: bool) -> Iterator[Part]:
    for phase in place.phases:
        lines = "\n".join(phase_lines(phase)) + "\n"
        if phase.transactional:
            yield Part(lines, not (together and len(phase.up) == 1), len(phase.up))
        elif together:
            yield Part(lines, False, len(phase.up))
        else:
            for sql in phase.up:
                yield Part("\n".join(phase_lines(replace(phase, up=(sql,)))) + "\n", False, 1)


def _merged(parts: Sequence[Part]) -> list[Part]:
    """Join neighbours that have no transaction."""
    found: list[Part] = []
    for part in parts:
        if found and not part.transactional and not found[-1].transactional:
            last = found.pop()
            text = last.text.rstrip("\n") + "\n" + part.text
            found.append(Part(text, False, last.statements + part.statements))
        else:
            found.append(part)
    return found
