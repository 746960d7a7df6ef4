"""Statements in the files that they stand in, and the lines of the phases that replace them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dbspecialist.engines.postgresql.script import ScriptStatement
from dbspecialist.engines.postgresql.tokens import line_at, tokens
from dbspecialist.facts.change import Phase
from dbspecialist.facts.trial import Trial

_SILENT = frozenset({"space", "line_comment", "block_comment"})


@dataclass(frozen=True, slots=True)
class Place:
    """A statement and where it stands: `end` is behind its semicolon, or nothing is written."""

    statement: ScriptStatement
    start: int
    end: int
    phases: tuple[Phase, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A script's file: its text with line ends of one character, and how it is written."""

    text: str
    windows: bool
    mark: str

    def written(self, text: str) -> str:
        """Return a text with the line ends and the byte order mark of the file."""
        return self.mark + (text.replace("\n", "\r\n") if self.windows else text)


def read_source(path: Path) -> Source | None:
    """Read a file; nothing where it is not UTF-8, or its line ends are of both kinds."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:  # it declares its encoding, which an edited file would not have
        return None
    mark = text[:1] if text.startswith("\ufeff") else ""
    windows = "\r\n" in text
    if windows and text.count("\n") != text.count("\r\n"):
        return None
    return Source(text[len(mark) :].replace("\r\n", "\n"), windows, mark)


def places(
    text: str,
    statements: Sequence[ScriptStatement],
    trial: Trial,
    replacements: Mapping[int, Sequence[Phase]],
) -> list[Place] | None:
    """Return where the statements of a script stand, with the phases that replace them.

    Nothing is returned where one is not found as it is written, or where the line of a replaced
    one holds several.

    Args:
        text: The file's text.
        statements: What its runner sends of it.
        trial: What was sent.
        replacements: Phases by the position of the trial's statement.
    """
    found: list[Place] = []
    for item in statements:
        place = _place(text, item, found[-1].end if found else 0)
        if place is None:
            return None
        found.append(place)
    for index, phases in replacements.items():
        sent = trial.statements[index]
        here = [n for n, item in enumerate(found) if item.statement.line == sent.line]
        if len(here) != 1 or bare(found[here[0]].statement.sql) != bare(sent.sql):
            return None
        if found[here[0]].statement.data is not None:
            return None
        found[here[0]] = replace(found[here[0]], phases=tuple(phases))
    return found


def bare(sql: str) -> str:
    """Return a statement without white space around it and without its semicolon."""
    return sql.strip().rstrip(";").rstrip()


def _place(text: str, statement: ScriptStatement, after: int) -> Place | None:
    start = text.find(statement.sql, after)
    if statement.path is not None or start < 0 or line_at(text, start) != statement.line:
        return None
    end = start + len(statement.sql)
    if statement.data is None:
        end = _behind_semicolon(text, end)
    else:
        end = text.index(statement.data, end) + len(statement.data)
        end += len("\\.\n") if text.startswith("\\.", end) else 0
    return Place(statement, start, min(end, len(text)))


def _behind_semicolon(text: str, position: int) -> int:
    for token in tokens(text, "", position):
        if token.kind == "semicolon":
            return token.end
        if token.kind not in _SILENT:
            break
    return position


def indent_of(text: str, start: int) -> str:
    """Return the white space that a statement's line begins with."""
    line = text[text.rfind("\n", 0, start) + 1 : start]
    return line if not line.strip() else ""


def phase_lines(phase: Phase, indent: str = "", *, begins: bool = False) -> Iterator[str]:
    """Yield a phase's lines: its title as a comment, and each statement with a semicolon.

    Args:
        phase: The phase.
        indent: What lines begin with.
        begins: Whether several statements of a transaction are put between BEGIN and COMMIT.
    """
    wraps = begins and phase.transactional and len(phase.up) > 1
    yield f"{indent}-- {phase.title}"
    for sql in ("BEGIN", *phase.up, "COMMIT") if wraps else phase.up:
        text = bare(sql)
        ends_in_comment = "--" in text.rpartition("\n")[2]
        yield f"{indent}{text}" + ("\n;" if ends_in_comment else ";")
