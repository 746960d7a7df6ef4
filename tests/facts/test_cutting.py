"""Messages that quote long input."""

from __future__ import annotations

from dbspecialist.facts.cutting import cut_quotes
from dbspecialist.facts.effects import EngineError
from dbspecialist.facts.errors import InputError


def test_quoted_text_is_cut_to_60_characters() -> None:
    assert cut_quotes(f'near "{"a" * 128}" here') == f'near "{"a" * 59}…" here'


def test_names_and_text_between_quotes_stay() -> None:
    message = f'"{"a" * 63}.{"b" * 63}" {"c" * 200} "d"'
    assert cut_quotes(message) == message


def test_refusal_of_a_word_as_long_as_the_file() -> None:
    error = EngineError("42601", f'syntax error at or near "{"a" * 300_000}"')
    assert error.message == f'syntax error at or near "{"a" * 59}…"'


def test_bad_input_that_quotes_a_long_word() -> None:
    error = InputError(f'no rule "{"a" * 300}"', "1.sql", "see dbs rules")
    assert str(error) == f'1.sql: no rule "{"a" * 59}…"; see dbs rules'
