"""Whether git can bring back files that are to be changed or removed."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from dbspecialist.facts.errors import InputError


def refuse_unkept(root: Path, paths: Sequence[str]) -> None:
    """Refuse to go on where git does not have the content of files.

    Args:
        root: The project's root.
        paths: Files below it.

    Raises:
        InputError: Where there is no repository, or a file is unknown to it or has changes.
    """
    if not paths:
        return
    command = ["git", "-C", str(root), "status", "--porcelain", "--ignored", "-z", "--", *paths]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise InputError("git is not installed", str(root), "give --force to go on") from error
    if found.returncode:
        raise InputError("it is in no git repository", str(root), "give --force to go on")
    changed = [item[3:] for item in found.stdout.split("\0") if item]
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        what = f"git does not have this content{more}"
        raise InputError(what, changed[0], "commit it, or give --force to go on")
