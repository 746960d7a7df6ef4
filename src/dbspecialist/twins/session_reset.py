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


def reset_after(tags: Iterable[str]) -> str:
    """Return the statements that make a session a new one after commands with these tags.

    Plans are kept where all were made under the settings that a new session has: planning the
    functions of the observer anew takes 1.3 ms.
    """
    plain = all(tag.partition(" ")[0] in _SETTING_NOTHING for tag in tags)
    return _ALL_BUT_PLANS if plain else "DISCARD ALL"
