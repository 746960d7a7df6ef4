"""Write down which functions and settings each major brought, from real servers of 14 to 18.

    python benchmarks/majors_names.py

writes `functions.txt` and `settings.txt` beside `engines/postgresql/majors`: a major and a name a
line, names that the major before does not have.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

import psycopg
from servers import MAJORS, binaries
from source_server import source_server

import dbspecialist.engines.postgresql

FOLDER = Path(dbspecialist.engines.postgresql.__path__[0]) / "majors"
FUNCTIONS = """
SELECT DISTINCT proname FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND proname !~ '^(binary_upgrade_|pg_stat_get_)'
  AND NOT prorettype IN ('trigger'::regtype, 'index_am_handler'::regtype)
  AND NOT 'internal'::regtype = ANY (proargtypes::oid[]) AND prorettype <> 'internal'::regtype
"""
#: The one that is left out is a patch of Debian's.
SETTINGS = "SELECT name FROM pg_settings WHERE name !~ '[.]' AND name <> 'extension_destdir'"


def new_names(query: str, urls: dict[int, str]) -> list[str]:
    """Return `major name` for every name that the major before does not have."""
    found, before = [], None
    for major, url in urls.items():
        with psycopg.connect(url) as connection:
            names = {str(row[0]) for row in connection.execute(query.encode())}
        if before is not None:
            found += [f"{major} {name}" for name in sorted(names - before)]
        before = names
    return found


def lists() -> dict[str, str]:
    """Return the text of both files."""
    with ExitStack() as servers:
        urls = {major: servers.enter_context(source_server(binaries(major))) for major in MAJORS}
        listed = {
            "functions.txt": new_names(FUNCTIONS, urls),
            "settings.txt": new_names(SETTINGS, urls),
        }
    return {name: "\n".join(lines) + "\n" for name, lines in listed.items()}


def main() -> int:
    """Write the files."""
    for name, text in lists().items():
        (FOLDER / name).write_text(text)
        print(f"{name}: {text.count(chr(10))} names")
    return 0


if __name__ == "__main__":
    sys.exit(main())
