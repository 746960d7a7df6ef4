"""Cases rewritten to names that need quotes: what a rule finds and mends must stay the same."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import replace
from typing import Any

from cases import Case

from dbspecialist.engines.postgresql.identifiers import quoted
from dbspecialist.engines.postgresql.tokens import tokens
from dbspecialist.facts.names import bare, parts
from dbspecialist.twins.cluster import Cluster

#: Names that the engine, its extensions or the cases' settings give: they stay as they are.
_OURS = frozenset(
    {"public", "plpgsql", "postgres", "excluded", "new", "old", "utc", "pg_catalog"}
    | {
        "bigserial",
        "serial",
        "smallserial",
        "list",
        "hash",
        "do",
        "modulus",
        "remainder",
        "fillfactor",
    }
    | {"autovacuum_enabled", "cold"}
)
_KNOWN = """
SELECT word FROM pg_get_keywords() UNION SELECT typname FROM pg_type UNION
SELECT proname FROM pg_proc UNION SELECT amname FROM pg_am UNION
SELECT opcname FROM pg_opclass UNION SELECT collname FROM pg_collation UNION
SELECT name FROM pg_available_extensions UNION SELECT relname FROM pg_class UNION
SELECT unnest(string_to_array(lower(name), '.')) FROM pg_settings UNION
SELECT rolname FROM pg_roles
"""
#: Keys of a case that are SQL, and those whose keys are names.
_TEXTS = ("schema", "change", "down", "workload", "production")
_NAMED = ("rows", "statistics", "index_scans", "sequences")


def known_words(cluster: Cluster) -> frozenset[str]:
    """Return the words that are no user's names."""
    with cluster.connect() as connection:
        return _OURS | {word for (word,) in connection.execute(_KNOWN).fetchall()}


#: What follows a name: a space and a capital, or what SQL gives a meaning of its own.
STYLES = {"mixed case": " X", "quotes and dots": '."x'}


def with_quoted_names(case: Case, known: frozenset[str], style: str = "mixed case") -> Case:
    """Return a case whose own names need quotes: `users` becomes `"Users X"`, or `"Users.""x"`."""
    end = STYLES[style]
    data = dict(case.data)
    own = {
        word
        for key in _TEXTS
        for text in _listed(data.get(key, ()))
        for word in _words(text)
        if word not in known and not word.startswith("pg_")
    }
    names = {word: quoted(_made_of(word, own, end)) for word in own}
    for key in _TEXTS:
        if key in data:
            texts = [_renamed(text, names) for text in _listed(data[key])]
            data[key] = texts[0] if isinstance(data[key], str) else texts
    for key in _NAMED:
        if key in data:
            data[key] = {_renamed_name(name, names): it for name, it in data[key].items()}
    for key in ("measured", "finds"):
        data.pop(key, None)
    return replace(case, data=data)


#: What the engine adds to the names of a table and its columns.
_MADE = re.compile(r"(.+)_(pkey|key|fkey|check|not_null|idx|seq)$")


def _made_of(word: str, own: Set[str], end: str) -> str:
    """Rename a word; a name that the engine makes up is made up of the renamed ones."""
    made = _MADE.match(word)
    parts = made[1] if made else ""
    table = max((name for name in own if parts.startswith(name)), key=len, default="")
    column = parts[len(table) + 1 :]
    if made is None or not table or (column and column not in own):
        return f"{word.capitalize()}{end}"
    return "_".join([*(f"{name.capitalize()}{end}" for name in (table, column) if name), made[2]])


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _words(text: str) -> set[str]:
    return {text[it.start : it.end].lower() for it in tokens(text, "") if it.kind == "word"}


def _renamed(text: str, names: Mapping[str, str]) -> str:
    """Rename the words of a text, and those in its literals that are names."""
    written = []
    for item in tokens(text, ""):
        word = text[item.start : item.end]
        if item.kind == "dollar":
            word = _inside_dollars(word, names)
        elif item.kind == "word":
            word = names.get(word.lower(), word)
        elif item.kind == "quoted" and not set(word) & set("{}"):
            inner = (
                _renamed(word[1:-1], names) if " " in word or word[1:-1] in names else word[1:-1]
            )
            word = f"'{inner}'"
        written.append(word)
    return "".join(written)


def _inside_dollars(text: str, names: Mapping[str, str]) -> str:
    """Rename the words of a dollar-quoted body."""
    mark = text[: text.index("$", 1) + 1]
    return f"{mark}{_renamed(text[len(mark) : -len(mark)], names)}{mark}" if mark != text else text


def _renamed_name(name: str, names: Mapping[str, str]) -> str:
    found = [names.get(bare(part), part) for part in parts(name)]
    return ".".join(found)
