from __future__ import annotations

from dbspecialist.facts.catalogue import Difference, SchemaObject
from dbspecialist.proofs.difference_text import sentence


def function(body: str) -> SchemaObject:
    return SchemaObject("function", "public.f()", attributes={"definition": body})


def test_a_short_attribute_is_shown_whole() -> None:
    assert sentence(Difference(function("SELECT 1"), function("SELECT 2"))) == (
        "function public.f(): definition was 'SELECT 1' and is 'SELECT 2'"
    )


def test_a_long_attribute_is_cut_to_where_it_differs() -> None:
    before, after = "a" * 300 + "b" * 300, "a" * 300 + "c" * 10
    assert sentence(Difference(function(before), function(after))) == (
        f"function public.f(): definition was …'{'a' * 20}{'b' * 60}'… and is "
        f"…'{'a' * 20}{'c' * 10}'"
    )


def test_an_attribute_that_was_not_there_is_none() -> None:
    one = SchemaObject("column", "public.t.a", attributes={})
    other = SchemaObject("column", "public.t.a", attributes={"default": "0"})
    assert sentence(Difference(one, other)) == "column public.t.a: default was None and is '0'"


def test_objects_that_went_or_stayed_are_named() -> None:
    assert sentence(Difference(function("x"), None)) == "function public.f() is gone"
    assert sentence(Difference(None, function("x"))) == "function public.f() is left over"
