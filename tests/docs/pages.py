"""Pages of the documentation, and the examples in them that can be run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MARKED = re.compile(
    r"^<!-- (?P<kind>run|file)(?P<rest>[^\n]*?) -->\n```\w*\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Example:
    """One command with what it prints and how it ends; `…` in the text stands for anything."""

    page: str
    command: str
    printed: str
    status: int

    def matches(self, printed: str) -> bool:
        parts = [re.escape(part) for part in self.printed.rstrip().split("…")]
        return re.fullmatch(".*".join(parts), printed.rstrip(), re.DOTALL) is not None


def pages() -> list[Path]:
    """List every page: the documentation, and what stands at the repository's root."""
    return sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])


def examples(page: Path) -> list[Example]:
    """Read the runnable examples of a page, in order."""
    found = []
    for block in MARKED.finditer(page.read_text(encoding="utf-8")):
        if block["kind"] == "run":
            status = int(block["rest"].strip().removeprefix("status=") or 0)
            for part in re.split(r"^\$ ", block["body"], flags=re.MULTILINE)[1:]:
                command, _, printed = part.partition("\n")
                found.append(Example(page.relative_to(ROOT).as_posix(), command, printed, status))
    return found


def files(page: Path) -> dict[str, str]:
    """Read the files that a page's examples work on, by name."""
    return {
        block["rest"].strip(): block["body"]
        for block in MARKED.finditer(page.read_text(encoding="utf-8"))
        if block["kind"] == "file"
    }
