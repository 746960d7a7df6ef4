"""Examples of strings that a regular expression or LIKE pattern matches.

Covers what CHECKs are written with (PostgreSQL manual, "POSIX Regular Expressions"); the engine
judges each example afterwards, so that what is not covered costs a try and no truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

CLASSES = {
    "alpha": "abcxyzABC",
    "lower": "abcxyz",
    "upper": "ABCXYZ",
    "digit": "0123456789",
    "alnum": "abcXYZ0123456789",
    "xdigit": "0123456789abcdef",
    "space": " ",
    "punct": ".,;!?",
    "word": "abcXYZ_0123456789",
}
ESCAPES = {
    "d": CLASSES["digit"],
    "w": CLASSES["word"],
    "s": " ",
    "D": "abc",
    "W": ".,",
    "S": CLASSES["alnum"],
    "n": "\n",
    "t": "\t",
}
#: Escapes and signs that match a place, not a character.
PLACES = frozenset("AZmMyYbB")
PRINTABLE = "".join(chr(code) for code in range(32, 127))
#: More repetitions than this are not tried where the pattern sets no limit.
MOST = 4


def like_example(pattern: str, rng: Random) -> str:
    """Return a string that the LIKE pattern matches."""
    made, skip = "", False
    for char in pattern:
        if not skip and char == "\\":
            skip = True
            continue
        if not skip and char in "%_":
            made += rng.choice("abc123") * (rng.randrange(3) if char == "%" else 1)
        else:
            made += char
        skip = False
    return made


def example(pattern: str, rng: Random) -> str:
    """Return a string that the regular expression is likely to match."""
    return _Sampler(pattern, rng).alternatives()


@dataclass
class _Sampler:
    pattern: str
    rng: Random
    at: int = 0

    def alternatives(self) -> str:
        branches = [self._branch()]
        while self._peek() == "|":
            self.at += 1
            branches.append(self._branch())
        return self.rng.choice(branches)

    def _peek(self) -> str:
        return self.pattern[self.at] if self.at < len(self.pattern) else ""

    def _take(self) -> str:
        char = self._peek()
        self.at += 1
        return char

    def _branch(self) -> str:
        made = ""
        while self._peek() and self._peek() not in "|)":
            start = self.at
            once = self._atom()
            after = self.at
            low, high = self._quantifier()
            end = self.at
            for number in range(self.rng.randint(low, max(low, high))):
                self.at = start
                made += once if number == 0 else self._atom()
                self.at = after
            self.at = end
        return made

    def _atom(self) -> str:
        char = self._take()
        if char == "(":
            return self._group()
        if char == "[":
            return self.rng.choice(self._bracket() or "a")
        if char == "\\":
            escaped = self._take()
            if escaped in PLACES:
                return ""
            return self.rng.choice(ESCAPES.get(escaped, escaped) or "a")
        if char == ".":
            return self.rng.choice("abc123")
        return "" if char in "^$" else char

    def _group(self) -> str:
        looks_ahead = False
        if self._peek() == "?":
            self.at += 1
            looks_ahead = self._take() in "=!<"
        made = self.alternatives()
        self.at += 1
        return "" if looks_ahead else made

    def _bracket(self) -> str:
        negated = self._peek() == "^"
        self.at += negated
        chars, first = "", True
        while self._peek() and (self._peek() != "]" or first):
            first = False
            char = self._take()
            if char == "[" and self._peek() == ":":
                end = self.pattern.find(":]", self.at)
                chars += CLASSES.get(self.pattern[self.at + 1 : end], "a")
                self.at = end + 2
            elif char == "\\":
                escaped = self._take()
                chars += ESCAPES.get(escaped, escaped)
            elif self._peek() == "-" and self.pattern[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                chars += "".join(map(chr, range(ord(char), ord(self._take()) + 1)))
            else:
                chars += char
        self.at += 1
        return "".join(c for c in PRINTABLE if c not in chars) if negated else chars

    def _quantifier(self) -> tuple[int, int]:
        char = self._peek()
        bounds = {"*": (0, MOST), "+": (1, MOST), "?": (0, 1)}.get(char)
        if bounds:
            self.at += 1
        elif char == "{":
            end = self.pattern.find("}", self.at)
            low, comma, high = self.pattern[self.at + 1 : end].partition(",")
            self.at = end + 1
            least = int(low or 0)
            bounds = (least, int(high or least + MOST) if comma else least)
        else:
            return 1, 1
        self.at += self._peek() == "?"
        return bounds
