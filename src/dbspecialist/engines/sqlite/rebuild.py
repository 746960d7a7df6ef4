"""A script that makes tables anew, written the way that SQLite's manual gives for it.

SQLite manual, "ALTER TABLE", section 7: foreign keys off before the transaction, everything within
one, indexes and triggers made again, foreign keys checked before COMMIT.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dbspecialist.engines.sqlite.script import split_script, tag_of

#: What the frame takes the place of.
_FRAME = frozenset(
    {"BEGIN", "COMMIT", "PRAGMA foreign_keys", "PRAGMA defer_foreign_keys"}
    | {"PRAGMA foreign_key_check", "PRAGMA legacy_alter_table"}
)


def framed(
    text: str, restored: Sequence[str] = (), *, enforces: bool = True, legacy: bool = False
) -> str:
    """Return a script whose rebuilds lose nothing; its other text stays as it is.

    Args:
        text: The script.
        restored: Statements that make again what DROP TABLE takes along.
        enforces: Whether foreign keys are enforced again at the end.
        legacy: Whether renaming a table must leave alone what refers to it.
    """
    before = ["PRAGMA foreign_keys = OFF;"]
    before += ["PRAGMA legacy_alter_table = ON;"] if legacy else []
    after = [f"{item};" for item in restored] + ["PRAGMA foreign_key_check;", "COMMIT;"]
    after += ["PRAGMA legacy_alter_table = OFF;"] if legacy else []
    after += ["PRAGMA foreign_keys = ON;"] if enforces else []
    body = _closed(_without_frame(text).strip("\n"))
    return "\n".join([*before, "BEGIN;", "", body, "", *after, ""])


def _closed(body: str) -> str:
    """Return a script whose last statement has its semicolon, whatever comes behind it."""
    at = 0
    for statement in split_script(body):
        at = body.index(statement.sql, at) + len(statement.sql)
    return body if not at or body[at:].lstrip().startswith(";") else f"{body[:at]};{body[at:]}"


def _without_frame(text: str) -> str:
    """Take out the statements that the frame takes the place of, with their lines."""
    at, done = 0, []
    for statement in split_script(text):
        start = text.index(statement.sql, at)
        end = start + len(statement.sql)
        if tag_of(statement.sql) not in _FRAME:
            done.append(text[at:end])
        else:
            done.append(text[at:start].rstrip(" \t"))
            rest = re.compile(r"[ \t]*;?[ \t]*\n?").match(text, end)
            end = rest.end() if rest else end
        at = end
    return "".join([*done, text[at:]])
