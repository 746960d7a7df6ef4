"""What an edit changes in a file, as the lines of a unified diff."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

from dbspecialist.facts.change import FileEdit


def changed_lines(edit: FileEdit) -> Iterator[str]:
    """Yield the file's change as a unified diff without its heading; all of a new file."""
    file = Path(edit.path)
    old = edit.before
    if not old and file.is_file():
        old = file.read_text(encoding="utf-8", errors="replace")
    lines = unified_diff(old.splitlines(), edit.text.splitlines(), n=2, lineterm="")
    return (line for number, line in enumerate(lines) if number >= 2)
