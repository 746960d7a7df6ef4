"""Runs in the project's interpreter: imports a module and writes the DDL of its metadata.

Called as `models_driver.py MODULE:METADATA ANSWER`; only the standard library and SQLAlchemy are
needed. The answer is JSON: `statements`, or `reason` and what the interpreter `lacks`.
"""

from __future__ import annotations

import importlib
import json
import sys
from functools import reduce
from pathlib import Path
from typing import Any


def main(name: str) -> dict[str, Any]:
    """Return the answer for one name."""
    here = Path.cwd()
    sys.path[:0] = [str(here), str(here / "src")]
    module, _, attribute = name.partition(":")
    try:
        found = reduce(getattr, attribute.split("."), importlib.import_module(module))
        return {"statements": statements(getattr(found, "metadata", found))}
    except (Exception, SystemExit) as error:  # noqa: BLE001 - foreign code
        missing = error.name if isinstance(error, ModuleNotFoundError) else ""
        own = missing == module.partition(".")[0]
        said = " ".join(str(error).split())
        return {"reason": f"{type(error).__name__}: {said}", "lacks": "" if own else missing}


def statements(metadata: Any) -> list[str]:
    """Write what `create_all` sends to an empty PostgreSQL database."""
    from sqlalchemy import create_mock_engine

    if not hasattr(metadata, "create_all"):
        raise TypeError(f"a {type(metadata).__name__} is no metadata")
    found = [
        'CREATE SCHEMA IF NOT EXISTS "{}"'.format(schema.replace('"', '""'))
        for schema in sorted({item.schema for item in metadata.tables.values()} - {None})
    ]

    def note(statement: Any, *_: Any, **__: Any) -> None:
        found.append(str(statement.compile(dialect=engine.dialect)))

    # With a style of parameters that needs no percent signs doubled.
    engine = create_mock_engine("postgresql://", note, paramstyle="named")
    metadata.create_all(engine, checkfirst=False)
    return found


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(main(sys.argv[1])))
