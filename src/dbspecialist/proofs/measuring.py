"""Rates of an engine on this machine: measured once for each version, and kept."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from dbspecialist.twins.installation import cache_folder

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Measured = TypeVar("Measured", bound=DataclassInstance)
else:
    Measured = TypeVar("Measured")


def kept(name: str, kind: type[Measured], measure: Callable[[], Measured]) -> Measured:
    """Return rates that were kept under a name, measuring them where there are none.

    Args:
        name: Tells the engine, its version and the revision of the measurement.
        kind: The rates' dataclass.
        measure: Measures them.
    """
    path = cache_folder() / f"rates-{name}.json"
    if path.exists():
        try:
            return kind(**json.loads(path.read_text()))
        except (ValueError, TypeError):  # cut short by a kill: measured anew
            path.unlink()
    rates = measure()
    path.write_text(json.dumps(asdict(rates)))
    return rates


def seconds_of(process: int, work: Callable[[], object]) -> float:
    """Return how long a process works on something, without its waits for a busy machine."""
    before = _worked(process)
    work()
    return _worked(process) - before


def _worked(process: int) -> float:
    """Return the processor time that a process's threads have had; the clock's where unknown.

    Source: Linux, Documentation/scheduler/sched-stats, /proc/<pid>/schedstat, first field.
    """
    try:
        tasks = [*Path(f"/proc/{process}/task").iterdir()]
        return sum(int((item / "schedstat").read_text().split()[0]) for item in tasks) / 1e9
    except OSError:  # no Linux, or not our own process
        return time.perf_counter()
