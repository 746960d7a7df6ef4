"""What Alembic takes revision files for: the names that their modules have once imported.

A part of driver.py: runs in the project's interpreter (Python 3.8 and later).
"""

from __future__ import annotations

import os
import re
from typing import Any

from driver_failures import in_one_line  # type: ignore[import-not-found]

_NAMED_BY_FILE = re.compile(r"([a-f0-9]+)\.py")


def read(path: str) -> dict[str, Any]:
    """Import a file as Alembic does, and return what it says of itself, or why it says nothing."""
    from alembic import util

    folder, name = os.path.split(path)
    try:
        module = util.load_python_file(folder, name)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - foreign code
        return {"failed": in_one_line(error)}
    legacy = _NAMED_BY_FILE.fullmatch(name)
    revision = getattr(module, "revision", legacy.group(1) if legacy else None)
    found: dict[str, Any] = {"failed": "", "revision": revision and str(revision)}
    for key in ("down_revision", "depends_on", "branch_labels"):
        value = getattr(module, key, None) or ()
        found[key] = [value] if isinstance(value, str) else [str(item) for item in value]
    found["title"] = (module.__doc__ or "").strip().split("\n")[0]
    found["downgrade"] = hasattr(module, "downgrade")
    return found
