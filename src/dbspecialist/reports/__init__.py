"""Reports: one module a format, found by being there, each with `render(report) -> str`."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import cast

from dbspecialist.facts.report import Report


def formats() -> tuple[str, ...]:
    """List the formats by name: the modules of this folder that begin with a letter."""
    return tuple(sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py")))


def render(report: Report, format_: str) -> str:
    """Write a report in one format, without colour and 100 columns wide where that matters.

    Args:
        report: The facts.
        format_: One of `formats()`.
    """
    module = importlib.import_module(f"dbspecialist.reports.{format_}")
    return cast("Callable[[Report], str]", module.render)(report)
