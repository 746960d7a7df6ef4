"""What git says of files since a base."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from dbspecialist.facts.errors import InputError


@dataclass(frozen=True, slots=True)
class Changes:
    """Files since the merge base, as resolved paths."""

    added: frozenset[Path]
    changed: frozenset[Path]


def changes_since(base: str, root: Path) -> Changes:
    """List files added and changed since the merge base with `base`, uncommitted ones included.

    Raises:
        InputError: When the folder is no repository, or git does not know the base.
    """
    top = Path(_git(root, "rev-parse", "--show-toplevel").strip())
    start = _git(
        root, "merge-base", base, "HEAD", todo=f"fetch it: git fetch origin {base}"
    ).strip()
    # A file that moved is new to a toolchain that goes by names.
    fields = _git(top, "diff", "--name-status", "--no-renames", "-z", start).split("\0")
    states = list(zip(fields[::2], fields[1::2], strict=False))
    untracked = _git(top, "ls-files", "--others", "--exclude-standard", "-z").split("\0")
    added = {path for state, path in states if state == "A"} | {path for path in untracked if path}
    changed = {path for state, path in states if state in {"M", "T"}}
    return Changes(
        frozenset((top / path).resolve() for path in added),
        frozenset((top / path).resolve() for path in changed),
    )


def _git(folder: Path, *arguments: str, todo: str = "give --from or a snapshot instead") -> str:
    command = ["git", "-C", str(folder), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise InputError("git is not installed", str(folder), todo) from error
    if result.returncode:
        said = result.stderr.strip().splitlines()
        reason = said[0] if said else f"git {arguments[0]} found nothing in common"
        raise InputError(reason, str(folder), todo)
    return result.stdout
