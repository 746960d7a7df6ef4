"""Small Node.js projects with the real packages, installed once into the user's cache."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import platformdirs
import pytest


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def require(*programs: str) -> None:
    absent = [name for name in programs if shutil.which(name) is None]
    if absent and os.environ.get("CI"):
        pytest.fail(f"not on PATH: {', '.join(absent)}")
    if absent:
        pytest.skip(f"NOT TESTED, not on PATH: {', '.join(absent)}")


def installed(**packages: str) -> Path:
    """Return a node_modules folder with exactly these versions."""
    require("node", "npm")
    wanted = json.dumps({"private": True, "dependencies": packages}, sort_keys=True)
    key = hashlib.sha256(wanted.encode()).hexdigest()[:16]
    folder = Path(platformdirs.user_cache_dir("dbspecialist")) / "node-tests" / key
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            (folder / "package.json").write_text(wanted)
            _install(folder)
            (folder / "done").touch()
    return folder / "node_modules"


def _install(folder: Path) -> None:
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode == 0:
        return
    reason = f"npm install failed: {run.stderr.strip()[-300:]}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(f"NOT TESTED, {reason}")
