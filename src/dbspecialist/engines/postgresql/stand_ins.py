"""Stand-ins for values: other values in the same order, equal where they were equal, as wide.

Each function takes distinct values in ascending order and returns as many stand-ins in ascending
order. Nothing of a value enters its stand-in but its place among the others, its length, and for
numbers their count of digits, for times the years of the first and the last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

#: Letters that every language sorts in this order: none has a place of its own somewhere (as
#: Azerbaijani q and x, Estonian z), no two are one letter together (as Czech ch, Welsh ff).
LETTERS = "bekmnotuv"

#: With digits there is room for more short texts; collations that compare numbers by value do not
#: sort these as the others do.
MORE = "0123456789" + LETTERS

HEX = "0123456789abcdef"

#: Characters by their length in UTF-8, to fill up with.
FILLERS = {0: "x", 1: "ß", 2: "ꙋ", 3: "𐐨"}

_NOT_FINITE = {"NaN", "Infinity", "-Infinity"}


def texts(values: Sequence[str]) -> list[str]:
    """Stand in for texts: as many characters, and as many bytes where there is room for it.

    Where more short texts stand close together than there is room for, all get longer.
    """
    lengths = [len(value) for value in values]
    found = spread(values, LETTERS) or tight(lengths, LETTERS) or tight(lengths, MORE)
    if found is not None:
        return found
    digits = code_length(len(values), len(LETTERS))
    return texts([value.ljust(digits) for value in values])


def spread(values: Sequence[str], alphabet: str) -> list[str] | None:
    """Spread stand-ins evenly over the alphabet, where all values are long enough for that."""
    digits = code_length(len(values), len(alphabet))
    if any(len(value) < digits for value in values):
        return None
    numbered = places(len(values), len(alphabet) ** digits)
    return [
        code(place, digits, alphabet) + filler(value, digits, alphabet)
        for value, place in zip(values, numbered, strict=True)
    ]


def code_length(count: int, base: int) -> int:
    """How many digits tell `count` values apart with gaps between them."""
    digits = 1
    while base**digits < count + 2:
        digits += 1
    return digits


def places(count: int, size: int) -> Iterable[int]:
    """Spread `count` places evenly over `size`; they ascend strictly where `size > count`."""
    return ((number + 1) * size // (count + 1) for number in range(count))


def code(place: int, digits: int, alphabet: str) -> str:
    """Write a number with a fixed count of digits."""
    found = ""
    for _ in range(digits):
        place, digit = divmod(place, len(alphabet))
        found = alphabet[digit] + found
    return found


def filler(value: str, used: int, alphabet: str) -> str:
    """Fill up to the value's characters, and to its bytes as far as they go."""
    left = len(value) - used
    if alphabet == HEX:
        return HEX[0] * left
    extra, found = len(value.encode()) - len(value), ""
    for _ in range(left):
        more = min(extra, 3)
        extra -= more
        found += FILLERS[more]
    return found


def tight(lengths: Sequence[int], alphabet: str) -> list[str] | None:
    """Find the smallest ascending texts of the given lengths, or nothing where there are none."""
    found: list[str] = []
    last: str | None = None
    for length in lengths:
        last = following(last, length, alphabet)
        if last is None:
            return None
        found.append(last)
    return found


def following(last: str | None, length: int, alphabet: str) -> str | None:
    """Return the smallest text of that length that sorts after `last`."""
    if last is None:
        return alphabet[0] * length
    if length > len(last):
        return last + alphabet[0] * (length - len(last))
    head = last[:length]
    while head and head[-1] == alphabet[-1]:
        head = head[:-1]
    if not head:
        return None
    raised = head[:-1] + alphabet[alphabet.index(head[-1]) + 1]
    return raised + alphabet[0] * (length - len(raised))


def byteas(values: Sequence[str]) -> list[str]:
    """Stand in for bytea in hex form; the length in bytes stays."""
    digits = [value[2:] for value in values]
    found = spread(digits, HEX) or tight([len(text) for text in digits], HEX)
    assert found is not None  # the values themselves are such a row
    return ["\\x" + text for text in found]


def uuids(values: Sequence[str]) -> list[str]:
    """Stand in for UUIDs."""
    return [str(UUID(int=place)) for place in places(len(values), 2**128)]


def numbers(values: Sequence[str], most: int | None = None) -> list[str]:
    """Stand in for numbers: sign, digits before the point and digits after it stay.

    Args:
        values: Finite ones; NaN and infinities are left as they are.
        most: The type's largest value, for integers.
    """
    groups: dict[tuple[int, int], list[Decimal]] = {}
    for value in values:
        if value not in _NOT_FINITE:
            number = Decimal(value)
            group = groups.setdefault(magnitude(number), [])
            if number not in group[-1:]:  # 1.0 and 1.00
                group.append(number)
    found = {
        number: text
        for (sign, digits), group in groups.items()
        for number, text in zip(group, within(group, sign, digits, most), strict=True)
    }
    return [value if value in _NOT_FINITE else found[Decimal(value)] for value in values]


def magnitude(number: Decimal) -> tuple[int, int]:
    """A number's sign and the count of its digits before the point."""
    return (-1 if number < 0 else 1), len(str(int(abs(number))))


def within(group: Sequence[Decimal], sign: int, digits: int, most: int | None) -> list[str]:
    """Spread numbers of one sign and count of digits over all such numbers."""
    scale = max(decimals(number) for number in group)
    low = 0 if digits == 1 else 10 ** (digits - 1)
    high = min(10**digits, most + 1) if most is not None else 10**digits
    if low == 0 and sign < 0:
        low = Decimal(1).scaleb(-scale)  # minus zero is zero
    size = int((high - low) * 10**scale)
    if size < len(group):  # all there are
        return [plain(number) for number in group]
    spread = [low + Decimal(place).scaleb(-scale) for place in places(len(group), size)]
    if size == len(group):
        spread = [low + Decimal(number).scaleb(-scale) for number in range(size)]
    return [plain(sign * number, scale) for number in (spread if sign > 0 else spread[::-1])]


def decimals(number: Decimal) -> int:
    """The count of digits after the point."""
    exponent = number.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def plain(number: Decimal, scale: int | None = None) -> str:
    """Write a number without an exponent."""
    return f"{number:f}" if scale is None else f"{number:.{scale}f}"


_TIME = re.compile(r"^(\d{4,})-(\d\d)-(\d\d)(?: (\d\d:\d\d:\d\d)(\.\d+)?([+-]\d\d)?)?$")


def times(values: Sequence[str]) -> list[str] | None:
    """Stand in for dates and timestamps, between New Year of the first and the last year's end.

    Returns:
        Nothing where a value is outside the years 1 to 9999.
    """
    finite = [value for value in values if not value.endswith("infinity")]
    if not all(_TIME.match(value) and int(value.split("-", 1)[0]) <= 9999 for value in finite):
        return None
    if not finite:
        return list(values)
    has_time = " " in finite[0]
    unit = timedelta(microseconds=1) if has_time else timedelta(days=1)
    first = datetime(int(finite[0][:4]), 1, 1)
    size = (datetime(int(finite[-1][:4]), 12, 31, 23, 59, 59) - first) // unit + 1
    if size <= len(finite):
        return list(values)
    found = iter([first + place * unit for place in places(len(finite), size)])
    suffix = "+00" if finite[0].endswith("+00") else ""
    return [
        value
        if value.endswith("infinity")
        else (f"{next(found)}{suffix}" if has_time else str(next(found).date()))
        for value in values
    ]
