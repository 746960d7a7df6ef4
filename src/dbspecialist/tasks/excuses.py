"""Excuses: comments that say why a finding does not hold at one place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dbspecialist.engines.postgresql.tokens import tokens
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.finding import Finding, Location
from dbspecialist.facts.proof import Proof

REASON = "give-a-reason-for-ignores"
UNUSED = "remove-unused-ignores"
COMMENT = re.compile(
    r"(?:--|#|//)\s*dbs:\s*ignore(?P<file>-file)?\s+(?P<rule>[a-z0-9-]+)[ \t:]*(?P<reason>.*)"
)
COMMENTS = frozenset({"line_comment", "block_comment"})
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
    """

    rule: str
    reason: str
    line: int
    covers: int | None

    def holds_for(self, finding: Finding) -> bool:
        """Say whether it excuses a finding in its file; without a reason it excuses nothing."""
        if self.rule != finding.rule or not self.reason:
            return False
        return self.covers is None or finding.location.line in {self.line, self.covers}


def excuses(text: str) -> tuple[Excuse, ...]:
    """Read the excuses of one file, from SQL, Python and JavaScript comments alike."""
    lines = text.splitlines()
    return tuple(
        _excuse(found, number, lines)
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
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix.lower() == ".sql":
        text = _without_literals(text)
    return excuses(text)


def _without_literals(text: str) -> str:
    """Blank what stands in quotes, so that a comment's look within a text excuses nothing."""
    try:
        found = list(tokens(text, ""))
    except InputError:  # not SQL: refused elsewhere, with its place
        return text
    kept = list(text)
    for item in found:
        if item.kind not in COMMENTS:
            kept[item.start : item.end] = re.sub(
                r"-(?=-)|#|/(?=/)", " ", text[item.start : item.end]
            )
    return "".join(kept)


def _excuse(found: re.Match[str], number: int, lines: Sequence[str]) -> Excuse:
    covers = None if found["file"] else _covered(number, lines)
    reason = found["reason"].removesuffix("*/").strip()
    return Excuse(found["rule"], reason, number, covers)


def _covered(number: int, lines: Sequence[str]) -> int:
    """Return the line that a comment on line `number` stands for."""
    if not ONLY_COMMENT.match(lines[number - 1]):
        return number
    for below, line in enumerate(lines[number:], number + 1):
        if line.strip() and not ONLY_COMMENT.match(line):
            return below
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
    place = "this file" if excuse.covers is None else f"line {excuse.covers}"
    return Finding(
        rule=UNUSED,
        severity="info",
        message=f"dbs: ignore {excuse.rule} excuses nothing: the rule is silent on {place}",
        location=Location(path, excuse.line),
        evidence=(
            Proof("no finding of the rule is there", "proven", "all findings were compared"),
        ),
        help="Take the comment out.",
    )
