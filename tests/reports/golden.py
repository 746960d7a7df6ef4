"""Golden files: run with DBS_WRITE_GOLDEN=1 to write them anew, then read the difference."""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def same_as_golden(name: str, text: str) -> None:
    """Require the text to be the golden file's."""
    path = GOLDEN / name
    if os.environ.get("DBS_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
