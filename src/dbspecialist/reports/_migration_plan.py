"""A plan as one readable text: each phase, when it may run, what it does, and the files."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

from dbspecialist.facts.change import FileEdit, Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.migration_plan import MigrationPlan, Withheld
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.units import duration, plural
from dbspecialist.reports._clean import one_line, visible
from dbspecialist.reports._migration_plan_json import as_json

FORMATS = ("text", "json", "markdown")


def render(plan: MigrationPlan, format_: str) -> str:
    """Write a plan as text, JSON or Markdown."""
    if format_ == "json":
        return as_json(plan)
    return "\n".join(_markdown(plan) if format_ == "markdown" else _text(plan)) + "\n"


def _text(plan: MigrationPlan) -> Iterator[str]:
    yield from (visible(text) for text in plan.requests)
    yield ""
    for number, phase in enumerate(plan.phases, 1):
        yield from _phase(phase, f"{number}. ", _seen(plan, number))
        yield ""
    for item in plan.withheld:
        yield from _phase(item.phase, "not written: ", ())
        yield f"   still used: {one_line(item.statement)} ({visible(item.error)})"
        yield ""
    yield from (visible(text) for text in _said(plan))
    yield ""
    yield from (visible(line) for edit in plan.edits for line in _diff(edit))
    yield _end(plan)


def _phase(phase: Phase, mark: str, seen: Iterable[StatementEffects]) -> Iterator[str]:
    yield f"{mark}{visible(phase.title)}  ({_kind(phase)})"
    if phase.when:
        yield f"   when {visible(phase.when)}"
    yield from (f"   true before it: {visible(check)}" for check in phase.checks)
    yield from (f"   {line}" for sql in phase.up for line in f"{visible(sql)};".splitlines())
    yield from (f"   {text}" for text in _waits(seen))
    yield "   way back"
    yield from (f"     {line}" for sql in phase.down for line in f"{visible(sql)};".splitlines())


def _kind(phase: Phase) -> str:
    wrapped = "one transaction" if phase.transactional else "no transaction"
    return f"{phase.stage}, {wrapped}" if phase.stage else wrapped


def _seen(plan: MigrationPlan, number: int) -> list[StatementEffects]:
    """Return what the statements of a phase's files did."""
    return [
        statement
        for item, place in zip(plan.migrations, plan.places, strict=True)
        if place == number - 1
        for statement in item.statements
    ]


def _waits(seen: Iterable[StatementEffects]) -> Iterable[str]:
    """Say who waits for what, and for how long."""
    longest: dict[tuple[str, str], tuple[float, str]] = {}
    for statement in seen:
        for lock in statement.locks:
            who = " and ".join(word for word in lock.blocks if word != "ddl")
            waited = statement.blocked_ms.get(lock.blocked)
            if who and waited is not None:
                known = longest.get((lock.blocked, who), (0.0, ""))
                longest[lock.blocked, who] = max(known, (waited, lock.mode))
    for (relation, who), (waited, mode) in longest.items():
        yield f"{who} of {relation} wait about {duration(waited)} ({mode})"


def _said(plan: MigrationPlan) -> Iterator[str]:
    yield from (f"loses: {text}" for text in plan.losses)
    yield from map(_proof, plan.proofs)
    for item in plan.findings:
        if item.severity != "info":
            yield f"{item.severity}: {item.message} ({item.rule})"
    yield from (f"accepted: {item.message} ({item.rule})" for item in plan.accepted)
    yield from (f"note: {text}" for text in plan.notes)


def _proof(item: Proof) -> str:
    tries = f" on {plural(item.tries, 'try').replace('trys', 'tries')}" if item.tries else ""
    return f"{item.verdict}{tries}: {item.claim} ({item.basis})"


def _diff(edit: FileEdit) -> Iterator[str]:
    before = edit.before.splitlines()
    source = f"a/{edit.path}" if edit.before else "/dev/null"
    yield from difflib.unified_diff(
        before, edit.text.splitlines(), source, f"b/{edit.path}", lineterm=""
    )


def _end(plan: MigrationPlan) -> str:
    files = plural(len(plan.edits), "file")
    if plan.written:
        return f"{files} written"
    if plan.refuted:
        return "refuted; nothing was written"
    return f"dry run; --write writes {files}"


def _markdown(plan: MigrationPlan) -> Iterator[str]:
    yield f"# {plan.phases[0].title if plan.phases else 'Plan'}"
    yield from ("", *(f"- `{text}`" for text in plan.requests), "")
    size = plan.twin.source_version and f", PostgreSQL {plan.twin.source_version}"
    yield f"Production: {plan.twin.source}{size}. Revisions: {plan.toolchain}."
    for number, phase in enumerate(plan.phases, 1):
        yield from _markdown_phase(phase, f"{number}. {phase.title}", _seen(plan, number))
    for item in plan.withheld:
        yield from _markdown_withheld(item)
    yield from ("", "## What was proven", "", *(f"- {text}" for text in _said(plan)))
    if plan.edits:
        yield from ("", "## Files", "", *(f"- `{edit.path}`" for edit in plan.edits))


def _markdown_phase(phase: Phase, title: str, seen: Iterable[StatementEffects]) -> Iterator[str]:
    yield from ("", f"## {title}", "", f"{_kind(phase).capitalize()}.")
    if phase.when:
        yield f"It runs when {phase.when}."
    if phase.checks:
        yield from ("", "True before it:", *_block(phase.checks))
    yield from ("", "Up:", *_block(phase.up))
    yield from (f"- {text}" for text in _waits(seen))
    yield from ("", "Down:", *_block(phase.down))


def _markdown_withheld(item: Withheld) -> Iterator[str]:
    yield from _markdown_phase(item.phase, f"Later: {item.phase.title}", ())
    yield from ("", f"Not written: `{one_line(item.statement)}` still needs it ({item.error}).")


def _block(statements: Sequence[str]) -> Iterator[str]:
    yield from ("", "```sql", *(f"{sql};" for sql in statements), "```", "")
