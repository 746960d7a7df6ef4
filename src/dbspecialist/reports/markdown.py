"""Markdown for the comment of a pull request: a table, and the details to unfold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dbspecialist.facts.change import Change, FileEdit, Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import SEVERITIES, Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.report import MigrationReport, Report
from dbspecialist.facts.units import plural
from dbspecialist.reports._clean import one_line, visible
from dbspecialist.reports._difference import changed_lines
from dbspecialist.reports._repeated import Repeated
from dbspecialist.reports._timeline import lanes, longest, written
from dbspecialist.reports._words import engine, name, severities

#: The longest comment that GitHub takes, in characters.
LONGEST = 65_536
MARKS = {"error": "🔴 error", "warning": "🟡 warning", "info": "🔵 info"}
#: What has a meaning in Markdown or HTML.
SPECIAL = re.compile(r"([\\`*_\[\]<>|~&$])")
#: GitHub calls people and links issues in the rendered text, so an escape does not stop it; an
#: empty comment after the sign does.
CALLS = re.compile(r"([@#])(?=\w)")
WAITS = {"reads": "reads and writes", "writes": "writes", "ddl": "other DDL"}


def render(report: Report) -> str:
    """Write the report as a comment of less than 65,536 characters.

    Where all of it would be longer, the details of the last migrations are left out, and the
    comment says how many.
    """
    head = _head(report)
    blocks = _details(report)
    kept: list[str] = []
    left = LONGEST - len(head) - 400
    for block in blocks:
        if len(block) > left:
            break
        kept.append(block)
        left -= len(block)
    missing = len(blocks) - len(kept)
    end = f"\n{plural(missing, 'more section')} left out: run `dbs prove` to read all.\n"
    return head + "".join(kept) + (end if missing else "")


def _head(report: Report) -> str:
    counts = report.summary
    found = [severities(counts[each], each) for each in SEVERITIES if counts[each]]
    twin = report.twin
    lines = [
        "## What the migrations do to production",
        "",
        f"{plural(counts['migrations'], 'migration')},"
        f" {plural(counts['statements'], 'statement')}: {', '.join(found) or 'nothing found'}."
        f" Run on a twin ({text(engine(twin.engine, twin.version))}) of {code(twin.source)}.",
        "",
    ]
    rows = [_row(item, report.findings) for item in report.migrations]
    if rows:
        lines += ["| migration | waits | how long | findings | way back |", "|---|---|---|---|---|"]
    table, cut = _within(rows, LONGEST // 2)
    if cut:
        table.append(f"| {plural(cut, 'more migration')} | | | | |")
    return "\n".join([*lines, *table]) + "\n"


def _within(rows: Sequence[str], room: int) -> tuple[list[str], int]:
    kept: list[str] = []
    for row in rows:
        room -= len(row) + 1
        if room < 0:
            break
        kept.append(row)
    return kept, len(rows) - len(kept)


def _row(item: MigrationReport, findings: Iterable[Finding]) -> str:
    path = item.migration.path
    here = [one.severity for one in findings if one.location.path == path]
    counted = [severities(here.count(each), each) for each in SEVERITIES if each in here]
    waits = longest(lanes(item.statements))
    first = [WAITS[wait.kind] for wait in waits[:1]]
    # That other DDL waits longer than queries is in the details.
    told = [wait for wait in waits if wait is waits[0] or wait.kind != "ddl"]
    times = [f"{WAITS[wait.kind]} {written(wait)}" for wait in told]
    if len(told) == 1:
        times = [written(told[0])]
    cells = (
        text(name(item.migration)),
        first[0] if first else "nothing",
        "; ".join(times),
        ", ".join(counted),
        item.round_trip.verdict,
    )
    return f"| {' | '.join(cells)} |"


def _details(report: Report) -> list[str]:
    """Return what unfolds, in order: each migration, then what stands elsewhere."""
    paths = {item.migration.path for item in report.migrations}
    repeated = Repeated()
    blocks = [_migration(item, report.findings, repeated) for item in report.migrations]
    elsewhere = [one for one in report.findings if one.location.path not in paths]
    if elsewhere:
        kept, more = repeated.split(elsewhere)
        blocks.append(_unfolding("repository", [*map(_finding, kept), _more(more)]))
    if report.proofs:
        blocks.append(_unfolding("history", [f"- {_proof(proof)}\n" for proof in report.proofs]))
    if report.data_fit:
        blocks.append(_unfolding("data", [f"- {_proof(proof)}\n" for proof in report.data_fit]))
    if report.notes:
        blocks.append(_unfolding("notes", [f"- {text(note)}\n" for note in report.notes]))
    return blocks


def _migration(item: MigrationReport, findings: Iterable[Finding], repeated: Repeated) -> str:
    here = [one for one in findings if one.location.path == item.migration.path]
    kept, more = repeated.split(here)
    parts = [*map(_finding, kept), _more(more)]
    parts += [_edit(one) for one in _edits(here)]
    parts += [_locks(item.statements), f"Way back: {_proof(item.round_trip)}\n"]
    return _unfolding(item.migration.path, parts)


def _more(words: str) -> str:
    """Say what is only counted here; `--format json` has it whole."""
    return f"{MARKS['info']} and {text(words)}\n" if words else ""


def _unfolding(title: str, parts: Iterable[str]) -> str:
    inside = "\n".join(part for part in parts if part)
    return f"\n<details><summary>{html(title)}</summary>\n\n{inside}\n</details>\n"


def _finding(finding: Finding) -> str:
    line = "" if finding.location.line is None else f", line {finding.location.line}"
    lines = [
        f"**{MARKS[finding.severity]}** {text(finding.message)} ({code(finding.rule)}{line})",
        "",
        *(f"- {_proof(proof)}" for proof in finding.evidence),
    ]
    if finding.help:
        lines += ["", f"Instead: {text(finding.help)}"]
    if finding.fix is not None:
        lines += ["", *_fix(finding.fix)]
    return "\n".join(lines) + "\n"


def _fix(fix: Change) -> Iterable[str]:
    yield f"Fix: {text(fix.summary)} ({'safe' if fix.safe else 'to be read first'}:"
    yield f"{text(fix.why)})"
    lines = [line for number, phase in enumerate(fix.phases, 1) for line in _phase(phase, number)]
    if lines:
        yield ""
        yield fenced("\n".join(lines), "sql")


def _phase(phase: Phase, number: int) -> Iterable[str]:
    when = f", when {phase.when}" if phase.when else ""
    outside = "" if phase.transactional else ", outside a transaction"
    yield f"-- {number}. {one_line(phase.title)}{outside}{when}"
    yield from (f"{statement};" for statement in phase.up)


def _edits(findings: Iterable[Finding]) -> Iterable[FileEdit]:
    """List the edits of all fixes, each once."""
    fixes = (one.fix for one in findings if one.fix is not None)
    return dict.fromkeys(edit for fix in fixes for phase in fix.phases for edit in phase.edits)


def _edit(edit: FileEdit) -> str:
    difference = fenced("\n".join(changed_lines(edit)), "diff")
    return f"`--fix` writes {code(edit.path)}:\n\n{difference}\n"


def _locks(statements: Sequence[StatementEffects]) -> str:
    found = lanes(statements)
    if not found:
        return "No lock that anything waits for.\n"
    rows = [
        f"| {code(lane.relation)} | {wait.mode} | {WAITS[wait.kind]} | {written(wait)} |"
        for lane in found
        for wait in lane.waits
    ]
    return "\n".join(["| relation | lock | waits | for |", "|---|---|---|---|", *rows]) + "\n"


def _proof(proof: Proof) -> str:
    return f"**{proof.verdict}** {text(proof.claim)}: {text(proof.basis)}"


def text(words: str) -> str:
    """Write words so that Markdown shows them as they are, on one line."""
    return CALLS.sub(r"\1<!-- -->", SPECIAL.sub(r"\\\1", one_line(words)))


def code(words: str) -> str:
    """Write words as code, whatever backticks or bars are in them."""
    inside = one_line(words).replace("|", "\\|")
    ticks = "`" * (_longest_run(inside) + 1)
    space = " " if "`" in inside else ""
    return f"{ticks}{space}{inside}{space}{ticks}"


def fenced(words: str, language: str) -> str:
    """Write words as a block of code, whatever fences are in them."""
    fence = "`" * max(3, _longest_run(words) + 1)
    return f"{fence}{language}\n{visible(words)}\n{fence}"


def html(words: str) -> str:
    """Write words so that HTML shows them as they are."""
    return one_line(words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _longest_run(words: str) -> int:
    return max((len(run) for run in re.findall("`+", words)), default=0)
