"""New Sequelize migrations: a file with `up` and `down`, named and written as the newest.

Nothing wraps a Sequelize migration in a transaction; several statements that belong together get
one of their own ("Managed transactions", Sequelize's manual).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.node.new_files import NodeStyle, in_style, read_style
from dbspecialist.toolchains.node.writing import literal
from dbspecialist.toolchains.numbering import next_number
from dbspecialist.toolchains.revisions import NewRevision, Place, comment, slug
from dbspecialist.toolchains.sequelize.project import SequelizeProject
from dbspecialist.toolchains.walk import relative

_NAME = re.compile(r"(\d+)([^\w]|_)?(.*)")
_GIVEN = re.compile(r"\bup\b[^(){}]*?(?:function\s*\w*\s*)?\((?P<given>(?:[^()]|\([^()]*\))*)\)")
_TYPED = re.compile(r"(?:export\s+)?const\s+up\s*:\s*(?P<type>[\w.<>]+)\s*=")


def new_revisions(
    project: SequelizeProject, revisions: Sequence[NewRevision], place: Place
) -> tuple[FileEdit, ...]:
    """Return the files of new migrations behind the last."""
    model = project.files[-1]
    where = model.relative_to(project.root).as_posix()
    if place.head:
        raise InputError("Sequelize has no heads", where, "leave --head out")
    stem, end = model.name.partition(".")[0], model.name.partition(".")[2]
    found = _NAME.fullmatch(stem)
    if found is None:
        todo = "name the files by time or number, or write them by hand"
        raise InputError(f"{stem} has no number to count on from", where, todo)
    number, mark = found[1], found[2] or "-"
    words = "_" if "_" in found[3] and "-" not in found[3] else "-"
    shape = read_shape(read_style(model))
    edits: list[FileEdit] = []
    for step, item in enumerate(revisions):
        number = next_number(number, place.moment(step))
        path = model.with_name(f"{number}{mark}{slug(item.title, mark=words)}.{end}")
        up, down = in_style(project.files, item.up), in_style(project.files, item.down)
        text = "\n".join(file_lines(shape, item, up, down)) + "\n"
        edits.append(FileEdit(relative(path, project.root), text))
    return tuple(edits)


@dataclass(frozen=True, slots=True)
class Shape:
    """The form of a migration's file.

    Args:
        style: How it is written.
        form: `module.exports`, `exports`, `export default` or `export`.
        given: The parameters of `up`.
        sequelize: What Sequelize is called there.
        type: The type of `up` and `down` where they are constants of one.
    """

    style: NodeStyle
    form: str
    given: str
    sequelize: str
    type: str = ""


def read_shape(style: NodeStyle) -> Shape:
    """Read the form of a migration's file."""
    text = style.text
    forms = {
        "export default": r"export\s+default\b",
        "export": r"export\s+(const|async|function)\b",
        "exports": r"^\s*exports\.up\b",
    }
    form = next(
        (name for name, mark in forms.items() if re.search(mark, text, re.MULTILINE)),
        "module.exports",
    )
    found = _GIVEN.search(text)
    given = " ".join(found["given"].split()).rstrip(",") if found else "queryInterface"
    typed = _TYPED.search(text)
    return Shape(style, form, given, sequelize_of(given, text), typed["type"] if typed else "")


def sequelize_of(given: str, text: str) -> str:
    """Return Sequelize as the first parameter, or what `context` is bound to, leads to it."""
    bound = re.search(r"\bcontext\s*:\s*([A-Za-z_$][\w$]*)", given)
    name = bound or re.search(r"([A-Za-z_$][\w$]*)", given)
    runner = name[1] if name else "queryInterface"
    itself = re.search(rf"\b{re.escape(runner)}\.(getQueryInterface|query|transaction)\b", text)
    return runner if itself else f"{runner}.sequelize"


def file_lines(
    shape: Shape, item: NewRevision, up: Sequence[str], down: Sequence[str]
) -> Iterator[str]:
    """Yield the lines of a migration's file."""
    style = shape.style
    if re.match(r"\s*['\"]use strict['\"]", style.text):
        yield from (*style.ended(["'use strict'"]), "")
    imports = list(style.imports(f"{shape.given} {shape.type}"))
    yield from (*imports, "") if imports else ()
    yield from comment(item.title, "//")
    yield from comment(item.when and f"Runs when: {item.when}", "//")
    given = re.sub(r",\s*_?Sequelize\b[^,]*$", "", shape.given)
    if shape.form in {"module.exports", "export default"}:
        yield f"{shape.form} = {{" if shape.form == "module.exports" else f"{shape.form} {{"
        for way, lines in (("up", up), ("down", down)):
            yield f"{style.unit}async {way}({given}) {{"
            body = code(shape.sequelize, lines, item.transactional)
            yield from style.ended([f"{style.unit * 2}{line}" for line in body])
            yield f"{style.unit}}},"
        yield "}" + (";" if style.semicolons else "")
        return
    for way, lines in (("up", up), ("down", down)):
        yield _opened(shape, way, given)
        body = code(shape.sequelize, lines, item.transactional)
        yield from style.ended([f"{style.unit}{line}" for line in body])
        constant = shape.form == "exports" or bool(shape.type)
        yield "}" + (";" if constant and style.semicolons else "")
        yield from ("",) if way == "up" else ()


def _opened(shape: Shape, way: str, given: str) -> str:
    if shape.form == "exports":
        return f"exports.{way} = async ({given}) => {{"
    if shape.type:
        return f"export const {way}: {shape.type} = async ({given}) => {{"
    return f"export async function {way}({given}) {{"


def code(sequelize: str, statements: Sequence[str], transactional: bool) -> Iterator[str]:
    """Yield the lines that run statements, without indentation and semicolons."""
    if transactional and len(statements) > 1:
        yield f"await {sequelize}.transaction(async (transaction) => {{"
        for sql in statements:
            yield f"  await {sequelize}.query({literal(sql)}, {{ transaction }})"
        yield "})"
    else:
        for sql in statements:
            yield f"await {sequelize}.query({literal(sql)})"
