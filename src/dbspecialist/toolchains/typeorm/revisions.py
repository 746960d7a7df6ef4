"""New TypeORM migrations: a class whose name ends with its time, written as the newest.

In the mode `all`, TypeORM's default, one transaction holds all pending migrations and a class may
not have a `transaction` of its own ("Transaction modes", TypeORM's manual); what needs none, or
follows another phase, commits the transaction and begins it again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.node.new_files import NodeStyle, in_style, read_style
from dbspecialist.toolchains.node.packages import SCRIPTS, walk
from dbspecialist.toolchains.node.writing import literal
from dbspecialist.toolchains.revisions import NewRevision, Place, comment, slug
from dbspecialist.toolchains.typeorm.project import TypeormProject
from dbspecialist.toolchains.walk import relative

RUNNER = "queryRunner"
_NAMED = re.compile(
    r"^\s*(?:public |readonly )*name\b\s*(?::[^=\n]+)?=\s*['\"`][^'\"`]*['\"`](?P<end>;?)",
    re.MULTILINE,
)


def new_revisions(
    project: TypeormProject, revisions: Sequence[NewRevision], place: Place
) -> tuple[FileEdit, ...]:
    """Return the files of new classes behind the last, and of what lists the classes."""
    if place.head:
        raise InputError("TypeORM has no heads", str(project.root), "leave --head out")
    model = project.classes[-1]
    style = read_style(model.path)
    paths = [item.path for item in project.classes]
    stamp = model.timestamp
    edits: list[FileEdit] = []
    names: list[tuple[str, Path]] = []
    for step, item in enumerate(revisions):
        stamp = max(int(place.moment(step).timestamp() * 1000), stamp + 1)
        words = [word.capitalize() for word in slug(item.title).split("_")]
        first = "Migration" if words[0][0].isdigit() else ""  # no name begins with a digit
        name = f"{first}{''.join(words)}{stamp}"
        path = model.path.with_name(_file_name(model.path, stamp, words))
        up, down = in_style(paths, item.up), in_style(paths, item.down)
        text = "\n".join(class_lines(project, style, name, item, (up, down))) + "\n"
        edits.append(FileEdit(relative(path, project.root), text))
        names.append((name, path))
    return (*edits, *_listed(project, names))


def _file_name(model: Path, stamp: int, words: Sequence[str]) -> str:
    """Return a file's name as the newest has it: the time first or last, words in its form."""
    stem, end = model.name.partition(".")[0], model.name.partition(".")[2]
    first = re.match(r"\d{13}(\W|_)?", stem)
    rest = re.sub(r"^\d{13}(\W|_)?|(\W|_)?\d{13}$", "", stem)
    kebab = "-" in rest or (rest.islower() and "_" not in rest)
    title = "-".join(words).lower() if kebab else "".join(words)
    if "_" in rest:
        title = "_".join(words).lower() if rest.islower() else "_".join(words)
    if first:
        return f"{stamp}{first[1] or ''}{title}.{end}"
    mark = re.search(r"(\W|_)?\d{13}$", stem)
    return f"{title}{(mark[1] or '') + str(stamp) if mark else ''}.{end}"


def class_lines(
    project: TypeormProject,
    style: NodeStyle,
    name: str,
    item: NewRevision,
    ways: tuple[Sequence[str], Sequence[str]],
) -> Iterator[str]:
    """Yield the lines of a class's file.

    Args:
        project: Whose mode decides on transactions.
        style: How the file is written.
        name: The class's name.
        item: What it does.
        ways: The statements of the way there and back, as they are written.
    """
    typed = "implements MigrationInterface" in style.text
    used = "MigrationInterface QueryRunner" if typed else ""
    imports = list(style.imports(used)) if used else []
    yield from (*imports, "") if imports else ()
    yield from comment(item.title, "//")
    yield from comment(item.when and f"Runs when: {item.when}", "//")
    heritage = " implements MigrationInterface" if typed else ""
    shape = "module.exports = class" if "module.exports" in style.text else "export class"
    yield f"{shape} {name}{heritage} {{"
    unit = style.unit
    named = _NAMED.search(style.text)
    if named:
        yield f"{unit}name = '{name}'{named['end']}"
    alone = not item.transactional and project.mode == "each"
    if alone:
        yield from style.ended([f"{unit}transaction = false"])
    bodies = (
        code(project, ways[0], item.transactional, not item.first, alone),
        code(project, ways[1], item.back_transactional, False, alone),
    )
    for way, body in zip(("up", "down"), bodies, strict=True):
        public = f"public async {way}" if "public async up" in style.text else f"async {way}"
        given = f"{RUNNER}: QueryRunner" if typed else RUNNER
        returns = ": Promise<void>" if typed else ""
        yield from ("",) if way == "down" or alone or named else ()
        yield f"{unit}{public}({given}){returns} {{"
        yield from style.ended([f"{unit * 2}{line}" for line in body])
        yield f"{unit}}}"
    yield "}" + (";" if shape.startswith("module") and style.semicolons else "")


def code(
    project: TypeormProject,
    statements: Sequence[str],
    transactional: bool,
    commits: bool,
    alone: bool,
) -> Iterator[str]:
    """Yield the lines that run statements, without indentation and semicolons.

    Args:
        project: Whose mode decides what is begun already.
        statements: The statements.
        transactional: Whether they run in one transaction.
        commits: Whether what precedes must be committed first.
        alone: Whether the class has no transaction.
    """
    begin = f"await {RUNNER}.startTransaction()"
    commit = f"await {RUNNER}.commitTransaction()"
    begun = project.mode != "none" and not alone
    pauses = begun and not transactional and bool(statements)
    wraps = not begun and transactional and len(statements) > 1
    if pauses or (begun and commits and project.mode == "all"):
        yield commit
    if wraps or (begun and commits and project.mode == "all" and not pauses):
        yield begin
    for sql in statements:
        yield f"await {RUNNER}.query({literal(sql)})"
    if wraps:
        yield commit
    if pauses:
        yield begin


def _listed(project: TypeormProject, names: Sequence[tuple[str, Path]]) -> Iterator[FileEdit]:
    """Yield the files that import the newest class and list it, with the new ones behind it."""
    model = project.classes[-1]
    own = re.compile(rf"\b{re.escape(model.name)}\b")
    known = {item.path for item in project.classes}
    for file in walk(project.package.folder):
        if file.suffix not in SCRIPTS or file in known:
            continue
        before = file.read_text(encoding="utf-8", errors="replace")
        if not own.search(before):
            continue
        text = before
        for name, path in reversed(names):
            text = _with_class(text, model.name, model.path, name, path)
        yield FileEdit(relative(file, project.root), text, before)


def _with_class(text: str, old: str, old_path: Path, new: str, new_path: Path) -> str:
    """Repeat each line that names a class for another, or name it behind the first on its line."""
    found: list[str] = []
    for line in text.splitlines(keepends=True):
        found.append(line)
        if not re.search(rf"\b{re.escape(old)}\b", line):
            continue
        other = line.replace(old, new).replace(_stem(old_path), _stem(new_path))
        if re.match(r"\s*(import|export|const|[\w$]+\s*,?\s*$)", line):
            comma = "" if line.rstrip().endswith((",", ";")) or "import" in line else ","
            found[-1] = line.rstrip("\n") + comma + "\n"
            found.append(other)
        else:
            found[-1] = re.sub(rf"\b{re.escape(old)}\b", f"{old}, {new}", line)
    return "".join(found)


def _stem(path: Path) -> str:
    return path.name.removesuffix(path.suffix)
