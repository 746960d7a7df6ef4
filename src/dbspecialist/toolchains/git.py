"""What git says of files since a base."""

from __future__ import annotations

import os
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
    top, start = top_of(root), merge_base(base, root)
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


def top_of(root: Path) -> Path:
    """Return the folder of the repository that a folder lies in.

    Raises:
        InputError: When it lies in none.
    """
    return Path(_git(root, "rev-parse", "--show-toplevel").strip())


def merge_base(base: str, root: Path) -> str:
    """Return the commit from which HEAD and a base went apart.

    Raises:
        InputError: When git does not know the base.
    """
    todo = f"fetch it: git fetch origin {base}"
    return _git(root, "merge-base", base, "HEAD", todo=todo).strip()


def write_commit(top: Path, commit: str, folder: Path) -> None:
    """Write the files of a commit into a folder, past the repository's own index."""
    index = folder / ".index-of-a-copy"
    _git(top, "read-tree", commit, index=index)
    _git(top, "checkout-index", "--all", f"--prefix={folder}/", index=index)
    index.unlink()


def untracked(top: Path) -> tuple[Path, ...]:
    """List files and whole folders that git ignores or does not know, below the repository."""
    listed = _git(top, "ls-files", "--others", "--directory", "-z").split("\0")
    return tuple(Path(name) for name in listed if name)


def ignored(top: Path) -> frozenset[Path]:
    """List files and whole folders that git ignores, below the repository."""
    wanted = ("--others", "--ignored", "--exclude-standard", "--directory", "-z")
    listed = _git(top, "ls-files", *wanted).split("\0")
    return frozenset(Path(name) for name in listed if name)


def _git(
    folder: Path,
    *arguments: str,
    todo: str = "give --from or a snapshot instead",
    index: Path | None = None,
) -> str:
    command = ["git", "-C", str(folder), *arguments]
    environment = {**os.environ, "GIT_INDEX_FILE": str(index)} if index else None
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment
        )
    except FileNotFoundError as error:
        raise InputError("git is not installed", str(folder), todo) from error
    if result.returncode:
        said = result.stderr.strip().splitlines()
        reason = said[0] if said else f"git {arguments[0]} found nothing in common"
        raise InputError(reason, str(folder), todo)
    return result.stdout
