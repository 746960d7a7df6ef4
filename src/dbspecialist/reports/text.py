"""Text for people: a lock timeline per migration, the findings, and what each rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.finding import SEVERITIES, Finding, Location
from dbspecialist.facts.proof import VERDICTS
from dbspecialist.facts.report import MigrationReport, Report, TwinFacts
from dbspecialist.facts.units import duration, plural
from dbspecialist.reports._clean import visible
from dbspecialist.reports._repeated import Repeated
from dbspecialist.reports._text_fix import difference, fix_text, new_edits
from dbspecialist.reports._text_migration import LEGEND, migration_body, notable
from dbspecialist.reports._text_proof import (
    COLOURS,
    add_proofs,
    proof_text,
    verdict_and_basis,
    verdict_text,
)
from dbspecialist.reports._words import engine, name, severities, transactions

LABEL = 10


def render(report: Report, *, width: int = 100, colour: bool = False) -> str:
    """Write the report for a reader.

    Args:
        report: The facts.
        width: The widest line, in columns.
        colour: Whether to write ANSI colours.
    """
    console = Console(
        file=StringIO(),
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    with console.capture() as captured:
        _write(console, report)
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"


def _write(console: Console, report: Report) -> None:
    console.print(_head(report))
    repeated = Repeated()
    for item in report.migrations:
        here = [one for one in report.findings if one.location.path == item.migration.path]
        _migration(console, item, *repeated.split(here))
    known = {item.migration.path for item in report.migrations}
    elsewhere = [one for one in report.findings if one.location.path not in known]
    if elsewhere:
        _heading(console, "repository", "")
        _findings(console, *repeated.split(elsewhere))
    console.print()
    console.print(_summary(report))


def _head(report: Report) -> Table:
    table = _labelled()
    twin = report.twin
    table.add_row("production", Text(_source(twin)))
    scaled = f", every table {twin.scale:g} times its size" if twin.scale != 1 else ""
    asked = f"{engine(twin.engine, twin.version)}, ready in {duration(twin.ready_ms)}{scaled}"
    table.add_row("twin", Text(asked))
    for item in twin.left_out:
        table.add_row("left out", Text(visible(item)))
    for label, proof in zip(_once("history"), report.proofs, strict=False):
        table.add_row(label, proof_text(proof))
    for label, proof in zip(_once("data"), report.data_fit, strict=False):
        table.add_row(label, proof_text(proof))
    for label, note in zip(_once("note"), report.notes, strict=False):
        table.add_row(label, Text(visible(note)))
    return table


def _once(label: str) -> Iterator[str]:
    """Yield the label for the first row of a block, and nothing for those below it."""
    yield label
    while True:
        yield ""


def _source(twin: TwinFacts) -> str:
    version = f", {engine(twin.engine, twin.source_version)}" if twin.source_version else ""
    return visible(f"{twin.source}{version}")


def _migration(console: Console, item: MigrationReport, findings: list[Finding], more: str) -> None:
    migration = item.migration
    aside = f"{migration.toolchain}, {transactions(item)}"
    _heading(console, name(migration, console.width - len(aside) - 8), aside)
    console.print(Padding(Text(visible(migration.path), "dim"), (0, 0, 0, 2)))
    if migration.not_run:
        said = Text(f"unchecked: {visible(migration.not_run)}", "yellow")
        console.print(Padding(said, (0, 0, 0, 2)))
        _findings(console, findings, more, migration.path)
        return
    if not findings and _is_quiet(item):
        said = Text(f"{plural(len(item.statements), 'statement')}, nothing waits; way back ")
        told = (
            verdict_text if item.round_trip.verdict in {"proven", "tested"} else verdict_and_basis
        )
        console.print(Padding(said.append_text(told(item.round_trip)), (0, 0, 0, 2)))
        _more(console, more)
        return
    console.print()
    migration_body(console, item.statements)
    table = _labelled()
    table.add_row("way back", verdict_and_basis(item.round_trip))
    console.print()
    console.print(Padding(table, (0, 0, 0, 2)))
    _findings(console, findings, more, migration.path)


def _is_quiet(item: MigrationReport) -> bool:
    return item.round_trip.verdict != "refuted" and not any(map(notable, item.statements))


def _heading(console: Console, title: str, aside: str) -> None:
    console.print()
    room = console.width - len(title) - len(aside) - 6
    line = Text("── ", "dim")
    line.append(title, "bold not dim")
    line.append(f" {'─' * max(2, room)} {aside}" if aside else f" {'─' * (room + 1)}")
    console.print(line, no_wrap=True, overflow="ellipsis")


def _findings(console: Console, findings: Iterable[Finding], more: str, named: str = "") -> None:
    """Print findings; `named` is the path that stands above them."""
    shown: set[FileEdit] = set()
    for finding in findings:
        room = console.width - LABEL - len(finding.rule) - 6
        place = _place(finding.location, named, room)
        console.print()
        console.print(Padding(_finding(finding, place, shown), (0, 0, 0, 2)))
    if more:
        console.print()
        _more(console, more)


def _more(console: Console, more: str) -> None:
    """Say what is only counted here; `--format json` has it whole."""
    if more:
        table = _labelled()
        table.add_row(Text("info", COLOURS["info"]), Text(f"and {more}", "dim"))
        console.print(Padding(table, (0, 0, 0, 2)))


def _place(location: Location, named: str, room: int) -> str:
    """Write a place; of a path that stands above and does not fit the line, the file's name."""
    line = "" if location.line is None else f":{location.line}"
    place = visible(f"{location.path}{line}")
    if location.path != named or len(place) <= room or "/" not in place:
        return place
    return f"…/{place.rpartition('/')[2]}"


def _finding(finding: Finding, place: str, shown: set[FileEdit]) -> Group:
    parts: list[RenderableType] = [_told(finding, place, shown)]
    if finding.fix is not None:
        edits = new_edits(finding.fix, shown)
        # As wide as the report, so that the fewest lines of code wrap.
        lines = (line for edit in edits for line in difference(edit, named=len(edits) > 1))
        parts += [Padding(line, (0, 0, 0, 2)) for line in lines]
        shown.update(edits)
        parts.append(add_proofs(_labelled(), finding.fix.proofs, ""))
    return Group(*parts)


def _told(finding: Finding, place: str, shown: set[FileEdit]) -> Table:
    table = _labelled()
    table.add_row(
        Text(finding.severity, COLOURS[finding.severity]), Text(visible(finding.message), "bold")
    )
    table.add_row("", Text(f"{finding.rule}  {place}", "dim"))
    add_proofs(table, finding.evidence, finding.message)
    if finding.help and (finding.fix is None or finding.help != finding.fix.summary):
        table.add_row("instead", Text(visible(finding.help)))
    if finding.fix is not None:
        table.add_row("fix", fix_text(finding.fix, shown))
    return table


def _summary(report: Report) -> Text:
    counts = report.summary
    line = Text(
        f"{plural(counts['migrations'], 'migration')},"
        f" {plural(counts['statements'], 'statement')}: "
    )
    found = [(severity, counts[severity]) for severity in SEVERITIES if counts[severity]]
    for position, (severity, number) in enumerate(found):
        line.append(", " if position else "")
        line.append(severities(number, severity), COLOURS[severity])
    if not found:
        line.append("nothing found", "green")
    line.append(f"\n{_verdicts(report)}", "dim")
    if any(item.statements for item in report.migrations):
        line.append(f"\n{LEGEND}", "dim")
    return line


def _verdicts(report: Report) -> str:
    proofs = [
        *report.proofs,
        *report.data_fit,
        *(item.round_trip for item in report.migrations),
        *(proof for finding in report.findings for proof in finding.evidence),
    ]
    counted = Counter(proof.verdict for proof in proofs)
    named = [f"{counted[verdict]} {verdict}" for verdict in VERDICTS if counted[verdict]]
    return f"{plural(len(proofs), 'claim')}: {', '.join(named)}" if named else "no claims"


def _labelled() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(width=LABEL, no_wrap=True, style="dim")
    table.add_column(ratio=1, overflow="fold")
    return table
