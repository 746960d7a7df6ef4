"""What the twin's server is built without, and what is sent in its place.

Production's server has it as packages of all distributions do (PostgreSQL manual, "Installation
from Source Code", --with-lz4, --with-icu).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import psycopg

from dbspecialist.facts.effects import TRIED_WITH
from dbspecialist.facts.names import QUALIFIED
from dbspecialist.twins.mending import HAS_LZ4, LOCALE

Connection = psycopg.Connection[tuple[Any, ...]]

_LZ4 = re.compile(
    r"""(\bCOMPRESSION\s+|\bdefault_toast_compression\s*(?:=|\bTO\b)\s*
        |'default_toast_compression'\s*,\s*)(["']?)lz4\b\2""",
    re.IGNORECASE | re.VERBOSE,
)
_ICU = re.compile(
    rf"""(\bCREATE\s+COLLATION\s+(?:IF\s+NOT\s+EXISTS\s+)?{QUALIFIED}\s*)
        \([^()]*\bprovider\s*=\s*["']?icu\b[^()]*\)""",
    re.IGNORECASE | re.VERBOSE,
)
_HAS_ICU = "SELECT EXISTS (SELECT FROM pg_collation WHERE collname = 'en-x-icu')"

_FORMS = (
    (_LZ4, HAS_LZ4, r"\1\2pglz\2", "pglz: the twin's server is built without lz4"),
    (
        _ICU,
        _HAS_ICU,
        rf"\1(provider = libc, locale = '{LOCALE}')",
        f"the C library's {LOCALE}: the twin's server is built without ICU",
    ),
)


def within_limits(sql: str, admin: Callable[[], Connection]) -> tuple[str, str]:
    """Return what a server can do in place of a statement, and what that is, or "".

    Args:
        sql: One statement.
        admin: Opens a connection to the server.
    """
    notes: list[str] = []
    for pattern, question, replacement, note in _FORMS:
        if not pattern.search(sql):
            continue
        with admin() as connection:
            row = connection.execute(question.encode()).fetchone()
        if row != (True,):
            sql = pattern.sub(replacement, sql)
            notes.append(TRIED_WITH + note)
    return sql, "; ".join(notes)
