"""Sessions used again: what makes one a new one, and what nothing undoes.

A session that has served is warm: its catalogue caches are filled and its functions are compiled,
which takes 5 ms in a new one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

#: What DISCARD ALL does not undo: that a custom setting is known, a seed, a loaded library.
TRACES = re.compile(
    r"set_config|setseed|\bset\s+(?:session\s+|local\s+)?[\w\"]+\s*\.|\bload\b", re.IGNORECASE
)

#: The settings that new sessions get, which ALTER ROLE and ALTER DATABASE change.
DEFAULTS = "TABLE pg_catalog.pg_db_role_setting"

#: What DISCARD ALL does (PostgreSQL manual, "DISCARD") but DISCARD PLANS.
_ALL_BUT_PLANS = """
CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; DEALLOCATE ALL; UNLISTEN *;
SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES
"""

#: First words of the tags of statements that set nothing.
_SETTING_NOTHING = frozenset(
    {
        *("ALTER", "COMMENT", "CREATE", "DROP", "GRANT", "REINDEX", "REVOKE", "TRUNCATE"),
        *("COPY", "DELETE", "INSERT", "UPDATE"),
        *("BEGIN", "COMMIT", "ROLLBACK", "START"),
    }
)


#: Tags of statements that change what new sessions begin with.
_CHANGING_DEFAULTS = frozenset({"ALTER DATABASE", "ALTER ROLE", "ALTER SYSTEM"})

#: What a session keeps of statements that set nothing.
_LEFT = "DISCARD TEMP; DISCARD SEQUENCES"


def plain_reset(tags: Iterable[str]) -> str:
    """Return the statements that suffice to make a session a new one, or "" where more is needed.

    They are such as an observer does not take for the migration's.
    """
    found = set(tags)
    return _LEFT if _set_nothing(found) and not found & _CHANGING_DEFAULTS else ""


def reset_after(tags: Iterable[str]) -> str:
    """Return the statements that make a session a new one after commands with these tags.

    Plans are kept where all were made under the settings that a new session has: planning the
    functions of the observer anew takes 1.3 ms.
    """
    return _ALL_BUT_PLANS if _set_nothing(tags) else "DISCARD ALL"


def _set_nothing(tags: Iterable[str]) -> bool:
    return all(tag.partition(" ")[0] in _SETTING_NOTHING for tag in tags)
