"""Excuses: comments that say why a finding does not hold at one place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dbspecialist.facts.finding import Finding, Location
from dbspecialist.facts.proof import Proof
from dbspecialist.rules.base import rule_ids
from dbspecialist.tasks.comments import commented

REASON = "give-a-reason-for-ignores"
UNUSED = "remove-unused-ignores"
COMMENT = re.compile(
    r"(?:--|#|//)\s*dbs:\s*ignore(?P<file>-file)?\s+(?P<rule>[a-z0-9-]+)[ \t:]*(?P<reason>.*)"
)
#: A line with nothing but a comment stands for the line below it.
ONLY_COMMENT = re.compile(r"\s*(?:--|#|//)")


@dataclass(frozen=True, slots=True)
class Excuse:
    """One `dbs: ignore` comment.

    Args:
        rule: The rule that is excused.
        reason: Why, or "" where none is given.
        line: Where the comment stands, from 1.
        covers: The line that is excused; nothing for the whole file.
        begins: The first line of the statement that stands on a line.
    """

    rule: str
    reason: str
    line: int
    covers: int | None
    begins: Mapping[int, int] = field(default_factory=dict, compare=False, repr=False)

    def holds_for(self, finding: Finding) -> bool:
        """Say whether it excuses a finding in its file; without a reason it excuses nothing."""
        if self.rule != finding.rule or not self.reason:
            return False
        line = finding.location.line
        if self.covers is None or line is None:
            return self.covers is None
        return bool({line, self.begins.get(line, line)} & {self.line, self.covers})


def excuses(text: str, begins: Mapping[int, int] | None = None) -> tuple[Excuse, ...]:
    """Read the excuses of one file, from SQL, Python and JavaScript comments alike.

    Args:
        text: The file's text.
        begins: The first line of the statement that stands on a line: a comment behind any line
            of it, or on a line of its own within it, stands for the whole statement.
    """
    lines = text.splitlines()
    return tuple(
        _excuse(found, number, lines, begins or {})
        for number, line in enumerate(lines, 1)
        if (found := COMMENT.search(line))
    )


def apply_excuses(
    findings: Iterable[Finding], root: Path, paths: Iterable[str] = ()
) -> tuple[Finding, ...]:
    """Drop what is excused, and add what is wrong with the excuses themselves.

    An excuse without a reason excuses nothing and is a finding, and so is one that excuses
    nothing. To be called before findings are dropped by configuration, or their excuses count as
    unused.

    Args:
        findings: All findings of the run.
        root: The folder that the findings' paths are relative to.
        paths: Further files whose excuses are looked at: those of the pending migrations.
    """
    found = tuple(findings)
    files = dict.fromkeys([*paths, *(item.location.path for item in found)])
    known = {path: _read(root / path) for path in files}
    kept = [
        item
        for item in found
        if not any(excuse.holds_for(item) for excuse in known[item.location.path])
    ]
    return (*kept, *_about(known, found))


def _read(path: Path) -> tuple[Excuse, ...]:
    if not path.is_file():
        return ()
    found = commented(path.read_text(encoding="utf-8", errors="replace"), path.suffix)
    return excuses(found.text, found.begins)


def _excuse(
    found: re.Match[str], number: int, lines: Sequence[str], begins: Mapping[int, int]
) -> Excuse:
    covers = None if found["file"] else _covered(number, lines, begins)
    reason = found["reason"].removesuffix("*/").strip()
    return Excuse(found["rule"], reason, number, covers, begins)


def _covered(number: int, lines: Sequence[str], begins: Mapping[int, int]) -> int:
    """Return the line that a comment on line `number` stands for."""
    if not ONLY_COMMENT.match(lines[number - 1]):
        return begins.get(number, number)
    for below, line in enumerate(lines[number:], number + 1):
        if line.strip() and not ONLY_COMMENT.match(line):
            return begins.get(below, below)
    return number


def _about(known: Mapping[str, Iterable[Excuse]], findings: Sequence[Finding]) -> Iterable[Finding]:
    for path, found in known.items():
        here = [item for item in findings if item.location.path == path]
        for excuse in found:
            if not excuse.reason:
                yield _without_reason(path, excuse)
            elif not any(excuse.holds_for(item) for item in here):
                yield _unused(path, excuse)


def _without_reason(path: str, excuse: Excuse) -> Finding:
    return Finding(
        rule=REASON,
        severity="info",
        message=f"dbs: ignore {excuse.rule} gives no reason and excuses nothing",
        location=Location(path, excuse.line),
        evidence=(Proof("the comment ends after the rule", "proven", "the file was read"),),
        help=f"Write dbs: ignore {excuse.rule} and why the finding does not hold here.",
    )


def _unused(path: str, excuse: Excuse) -> Finding:
    return Finding(
        rule=UNUSED,
        severity="info",
        message=f"dbs: ignore {excuse.rule} excuses nothing: {_why_unused(excuse)}",
        location=Location(path, excuse.line),
        evidence=(
            Proof("no finding of the rule is there", "proven", "all findings were compared"),
        ),
        help="Take the comment out.",
    )


def _why_unused(excuse: Excuse) -> str:
    known = (*rule_ids(), REASON, UNUSED)
    if excuse.rule not in known:
        near = difflib.get_close_matches(excuse.rule, known, n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        return f"there is no such rule{meant}"
    place = "this file" if excuse.covers is None else f"line {excuse.covers}"
    return f"the rule is silent on {place}"
