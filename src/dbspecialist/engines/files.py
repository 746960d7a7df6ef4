"""Files that are whole or not there."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file in one step: whoever reads it sees the old content or the new one.

    A link is followed, and what is no file (`/dev/stdout`, a pipe) is written to, not replaced.

    Args:
        mode: The permissions of a new file; an old one keeps its own.

    Raises:
        OSError: Where it cannot be written; nothing is left behind then.
    """
    place = path.resolve()
    if place.exists() and not place.is_file():
        path.write_bytes(content)
        return
    descriptor, name = tempfile.mkstemp(prefix=f".{place.name[:99]}.", dir=place.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(_mode(place, mode))
        Path(name).replace(place)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def _mode(path: Path, new: int) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_mode & 0o777
    return new
