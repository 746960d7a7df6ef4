from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dbspecialist.engines.postgresql import stand_ins


def ascending(values: list[str]) -> bool:
    return all(one < other for one, other in pairwise(values))


@given(st.sets(st.text(st.characters(codec="ascii"), min_size=3), max_size=120))
def test_texts_keep_order_equality_and_width(values: set[str]) -> None:
    found = stand_ins.texts(sorted(values))
    assert ascending(found)
    assert [len(text) for text in found] == [len(value) for value in sorted(values)]


@given(st.sets(st.text("abc", max_size=4), max_size=15))
def test_short_texts_keep_order_equality_and_width(values: set[str]) -> None:
    found = stand_ins.texts(sorted(values))
    assert ascending(found)
    assert [len(text) for text in found] == [len(value) for value in sorted(values)]


@given(st.sets(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=60))
def test_any_texts_keep_order_and_equality(values: set[str]) -> None:
    found = stand_ins.texts(sorted(values))
    assert len(found) == len(values)
    assert ascending(found)


@given(st.sets(st.text("äé漢😀z", min_size=6), max_size=20))
def test_texts_beyond_ascii_keep_characters_and_come_near_in_bytes(values: set[str]) -> None:
    ordered = sorted(values)
    for value, found in zip(ordered, stand_ins.texts(ordered), strict=True):
        assert len(found) == len(value)
        assert len(value.encode()) - 3 * 2 <= len(found.encode()) <= len(value.encode())


@given(st.sets(st.integers(-(2**31), 2**31 - 1), max_size=120))
def test_integers_keep_order_equality_sign_and_digits(values: set[int]) -> None:
    ordered = sorted(values)
    found = [int(text) for text in stand_ins.numbers(list(map(str, ordered)), 2**31 - 1)]
    assert all(one < other for one, other in pairwise(found))
    assert [len(str(number)) for number in found] == [len(str(value)) for value in ordered]
    assert all(-(2**31) <= number < 2**31 for number in found)


@given(st.sets(st.decimals(allow_nan=False, allow_infinity=False, places=2), max_size=60))
def test_numbers_keep_order_equality_and_digits(values: set[Decimal]) -> None:
    ordered = sorted(values)
    found = [Decimal(text) for text in stand_ins.numbers([f"{value:f}" for value in ordered])]
    assert all(one < other for one, other in pairwise(found))
    assert [len(str(int(abs(number)))) for number in found] == [
        len(str(int(abs(value)))) for value in ordered
    ]


def test_all_numbers_of_a_size_stay_as_they_are() -> None:
    digits = [str(number) for number in range(10)]
    assert stand_ins.numbers(digits, 2**31 - 1) == digits


def test_numbers_that_are_not_finite_stay() -> None:
    found = stand_ins.numbers(["-Infinity", "3.5", "Infinity", "NaN"])
    assert found == ["-Infinity", "5.0", "Infinity", "NaN"]


def test_equal_numbers_of_different_texts_stay_equal() -> None:
    one, other, larger = stand_ins.numbers(["1.0", "1.00", "2"])
    assert Decimal(one) == Decimal(other) < Decimal(larger)


@given(st.sets(st.dates(), max_size=60))
def test_dates_keep_order_equality_and_years_range(values: set[date]) -> None:
    ordered = [str(value) for value in sorted(values)]
    found = stand_ins.times(ordered)
    assert found is not None
    assert ascending(found)
    assert [len(text) for text in found] == [10] * len(values)
    if found:
        assert ordered[0][:4] <= found[0][:4] <= found[-1][:4] <= ordered[-1][:4]


@given(st.sets(st.datetimes(min_value=datetime(1000, 1, 1)), max_size=60))
def test_timestamps_keep_order_and_equality(values: set[datetime]) -> None:
    found = stand_ins.times([f"{value}+00" for value in sorted(values)])
    assert found is not None
    read = [datetime.fromisoformat(text) for text in found]
    assert all(one < other for one, other in pairwise(read))
    assert all(moment.utcoffset() == timedelta(0) for moment in read)


def test_infinite_times_stay_and_times_before_christ_have_no_stand_ins() -> None:
    assert stand_ins.times(["-infinity", "2020-05-05", "infinity"]) == [
        "-infinity",
        "2020-07-02",
        "infinity",
    ]
    assert stand_ins.times(["0044-03-15 BC"]) is None


@given(st.sets(st.uuids(), max_size=60))
def test_uuids_keep_order_and_equality(values: set[object]) -> None:
    found = stand_ins.uuids(sorted(map(str, values)))
    assert ascending(found)
    assert [len(text) for text in found] == [36] * len(values)


@given(st.sets(st.binary(min_size=2, max_size=6), max_size=60))
def test_byteas_keep_order_equality_and_width(values: set[bytes]) -> None:
    ordered = sorted(values)
    found = stand_ins.byteas([f"\\x{value.hex()}" for value in ordered])
    read = [bytes.fromhex(text[2:]) for text in found]
    assert all(one < other for one, other in pairwise(read))
    assert [len(text) for text in read] == [len(value) for value in ordered]


def test_letters_sort_in_their_order() -> None:
    assert sorted(stand_ins.LETTERS) == list(stand_ins.LETTERS)
    assert sorted(stand_ins.MORE) == list(stand_ins.MORE)


def test_single_letters_stay_single_as_long_as_there_are_any() -> None:
    letters = list("ABCDEFGHIJKLMNOPQRS")
    assert stand_ins.texts(letters) == list(stand_ins.MORE)
    assert {len(text) for text in stand_ins.texts([*letters, "T"])} == {2}
