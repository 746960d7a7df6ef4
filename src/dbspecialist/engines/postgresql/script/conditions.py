"""psql's \\if, \\elif, \\else and \\endif: which branch of a script is read.

The manual page of psql, "Meta-Commands", on \\if.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dbspecialist.facts.errors import InputError

_TRUE = ("true", "yes")
_FALSE = ("false", "no")


def truth(text: str) -> bool | None:
    """Read a Boolean as psql does: `true`, `on`, `yes`, `1` and so on, or nothing."""
    word = text.lower()
    if word in {"on", "1"} or (word and any(item.startswith(word) for item in _TRUE)):
        return True
    off = len(word) > 1 and "off".startswith(word)
    if word == "0" or off or (word and any(item.startswith(word) for item in _FALSE)):
        return False
    return None


@dataclass
class _Branch:
    """An open \\if: whether its present branch is read, and whether one may still be."""

    active: bool
    waiting: bool
    place: str
    last: bool = False


@dataclass
class Conditions:
    """The conditions that a file has open."""

    _open: list[_Branch] = field(default_factory=list)

    @property
    def reads(self) -> bool:
        """Whether the text at hand is in a branch that is read."""
        return all(item.active for item in self._open)

    @property
    def judges(self) -> bool:
        """Whether the expression of an \\elif at hand counts."""
        return all(item.active for item in self._open[:-1]) and bool(
            self._open and self._open[-1].waiting
        )

    def begin(self, value: bool | None, place: str) -> None:
        """Enter an \\if; where nothing is known of its value, no branch of it is read."""
        self._open.append(_Branch(value is True, value is False, place))

    def otherwise(self, word: str, value: bool | None, place: str) -> None:
        """Enter an \\elif or \\else.

        Raises:
            InputError: Where it follows no \\if, or an \\else.
        """
        if not self._open or self._open[-1].last:
            after = "follows \\else" if self._open else "has no \\if"
            raise InputError(f"\\{word} {after}", place, "take it out of the script")
        here = self._open[-1]
        here.active = here.waiting and value is True
        here.waiting = here.waiting and value is False
        here.last = word == "else"

    def end(self, place: str) -> None:
        """Leave an \\if.

        Raises:
            InputError: Where none is open.
        """
        if not self._open:
            raise InputError("\\endif has no \\if", place, "take it out of the script")
        self._open.pop()

    def close(self) -> None:
        """End a file.

        Raises:
            InputError: Where an \\if has no end.
        """
        if self._open:
            raise InputError("\\if has no \\endif", self._open[-1].place, "write one")
