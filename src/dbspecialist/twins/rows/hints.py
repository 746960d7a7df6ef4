"""Values that a condition itself names: the constants it compares with and their neighbours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from dbspecialist.twins.rows.families.text import fit
from dbspecialist.twins.rows.regex import example, like_example
from dbspecialist.twins.rows.structure import DataType

_STRING = re.compile(r"(!?~~?\*?)?\s*\(?\s*'((?:[^']|'')*)'(?:::([\w\". \[\]]+))?")
_NUMBER = re.compile(r"(?<![\w.'])-?\d+(?:\.\d+)?(?![\w.'])")
TEXTUAL = frozenset({"text", "varchar", "bpchar", "citext", "name", "char"})
WHOLE = frozenset({"int2", "int4", "int8", "oid"})
NUMERIC = WHOLE | {"numeric", "float4", "float8", "money"}
TEMPORAL = frozenset({"date", "timestamp", "timestamptz"})
#: Texts longer than this are not made to meet a length that a condition names.
LONGEST = 5000
EXAMPLES = 6


def hints(expression: str, wanted: DataType, rng: Random) -> list[str]:
    """Return literals of the wanted type that the condition's constants suggest."""
    root = wanted.root
    if root.array and root.element:
        inner = hints(expression, root.element, rng)
        return [literal for item in inner for literal in _arrays(item, rng, inner)]
    return list(dict.fromkeys(_hints(expression, root, rng)))


def _arrays(item: str, rng: Random, items: list[str]) -> tuple[str, str]:
    one, other = (f'"{text}"'.replace("\n", " ") for text in (item, rng.choice(items)))
    return "{" + one + "}", "{" + one + "," + other + "}"


def _hints(expression: str, root: DataType, rng: Random) -> Iterator[str]:
    strings = [
        (operator, text.replace("''", "'"))
        for operator, text, cast in _STRING.findall(expression)
        if cast != "oid"  # a hash partition's bound names its table by oid
    ]
    numbers = [float(text) for text in _NUMBER.findall(re.sub(r"'(?:[^']|'')*'", "", expression))]
    numbers += [float(text) for _, text in strings if _NUMBER.fullmatch(text)]
    if root.base in TEXTUAL:
        yield from _texts(strings, numbers, rng)
    elif root.base in NUMERIC:
        yield from _numbers(numbers, whole=root.base in WHOLE)
    elif root.base in TEMPORAL:
        yield from (text for _, text in strings if text[:1].isdigit())
    elif root.base in ("json", "jsonb"):
        yield from _documents([text for _, text in strings], numbers)
    else:
        yield from (text for _, text in strings)


def _texts(strings: list[tuple[str, str]], numbers: list[float], rng: Random) -> Iterator[str]:
    for operator, text in strings:
        if operator in ("~", "~*"):
            yield from (example(text, rng) for _ in range(EXAMPLES))
        elif operator.startswith("~~"):
            yield from (like_example(text, rng) for _ in range(EXAMPLES))
        yield text
        yield text.upper()
        yield text.lower()
    yield from (example(text, rng) for operator, text in strings if not operator)
    heads = [like_example(text, rng) for operator, text in strings if operator.startswith("~~")]
    for number in numbers:
        for length in (int(number), int(number) - 1, int(number) + 1):
            if 0 < length <= LONGEST:
                yield fit(rng.randrange(1000), length, length + 1)
                yield from (head.ljust(length, "a")[:length] for head in heads)
        yield str(int(number))


def _numbers(numbers: list[float], *, whole: bool) -> Iterator[str]:
    for number in numbers:
        for near in (number, number + 1, number - 1, number * 2, number / 2):
            yield str(int(near)) if whole or near == int(near) else str(near)
    for one in numbers:
        for other in numbers:
            if one < other:
                middle = (one + other) / 2
                yield str(int(middle)) if whole else str(middle)


def _documents(strings: list[str], numbers: list[float]) -> Iterator[str]:
    yield from ("{}", "[]", "1", '"a"', '[{"id": 1}]', "true")
    words = [text for text in strings if re.fullmatch(r"[\w-]+", text)]
    for number in [1, *numbers]:
        yield "{" + ", ".join(f'"{word}": {int(number)}' for word in dict.fromkeys(words)) + "}"
    yield "{" + ", ".join(f'"{word}": "a"' for word in dict.fromkeys(words)) + "}"
    yield "{" + ", ".join(f'"{word}": []' for word in dict.fromkeys(words)) + "}"
