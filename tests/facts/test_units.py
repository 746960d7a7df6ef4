import pytest

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.units import count, duration, milliseconds, plural, size


@pytest.mark.parametrize(
    ("ms", "written"),
    [
        (-1, "0 ms"),
        (0, "0 ms"),
        (0.4, "under 1 ms"),
        (620.4, "620 ms"),
        (999.4, "999 ms"),
        (999.5, "1 s"),
        (1000, "1 s"),
        (4_240, "4.2 s"),
        (59_949, "59.9 s"),
        (59_950, "1 min"),
        (236_000, "3.9 min"),
        (3_596_999, "59.9 min"),
        (3_597_000, "1 h"),
        (90_000_000, "25 h"),
        (3.6e9, "1,000 h"),
    ],
)
def test_duration(ms: float, written: str) -> None:
    assert duration(ms) == written


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "0"),
        (950, "950"),
        (12_400, "12,400"),
        (999_499, "999,499"),
        (999_500, "1 million"),
        (43_200_000, "43.2 million"),
        (999_900_000, "1 billion"),
        (1_187_654_321, "1.2 billion"),
        (2.5e12, "2.5 trillion"),
        (3e15, "3,000 trillion"),
    ],
)
def test_count(number: float, written: str) -> None:
    assert count(number) == written


@pytest.mark.parametrize(
    ("number", "written"),
    [(512, "512 B"), (1024, "1 KiB"), (3.4 * 2**30, "3.4 GiB"), (2**41, "2 TiB")],
)
def test_size(number: float, written: str) -> None:
    assert size(number) == written


@pytest.mark.parametrize(
    ("text", "ms"), [("500ms", 500), ("1s", 1000), (" 2.5 min ", 150_000), ("1h", 3_600_000)]
)
def test_milliseconds(text: str, ms: float) -> None:
    assert milliseconds(text) == ms


@pytest.mark.parametrize("text", ["", "1", "s", "-1s", "1 day", "1s2"])
def test_milliseconds_refuses(text: str) -> None:
    with pytest.raises(InputError, match="is not a duration; write it as 500ms"):
        milliseconds(text)


def test_plural() -> None:
    assert [plural(number, "row") for number in (0, 1, 1200)] == ["0 rows", "1 row", "1,200 rows"]
