"""Arguments of calls and elements of tuples: put in, taken out, in the layout that is there."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from dbspecialist.orms.sqlalchemy.source import Source, keyword

Holder = cst.Call | cst.Tuple
Item = cst.Arg | cst.BaseElement


def items_of(holder: Holder) -> Sequence[Item]:
    """Return what a call's or a tuple's parentheses hold."""
    return holder.args if isinstance(holder, cst.Call) else holder.elements


def insert(source: Source, holder: Holder, text: str, after: int | None = None) -> None:
    """Insert an item behind the one of that index, at the end where none is given; -1 is first."""
    items = items_of(holder)
    if not items:
        at = source.end(holder) - (1 if isinstance(holder, cst.Call) else 0)
        source.put(at, at, text if isinstance(holder, cst.Call) else f"{text},")
        return
    index = len(items) - 1 if after is None else after
    if index < 0:
        at = source.start(items[0])
        source.put(at, at, f"{text},{_gap(source, holder, items[0])}")
        return
    at = source.end(items[index])
    last = index == len(items) - 1
    alone = len(items) == 1 and isinstance(holder, cst.Tuple)
    if last and alone and "\n" not in _between_items(source, holder):
        source.put(at, source.end(holder), f", {text}")  # a tuple of two needs no closing comma
        return
    source.put(at, at, f",{_gap(source, holder, items[index])}{text}")


def insert_argument(source: Source, call: cst.Call, text: str, after: int, width: int) -> None:
    """Insert an argument, and break the call where its line would grow too long."""
    start, end = source.start(call), source.end(call)
    line = source.between(source.line_start(start), source.line_end(end)).rstrip()
    if "\n" in line or len(line) + len(text) + 2 <= width:
        insert(source, call, text, after if call.args else None)
        return
    texts = [source.code(item) for item in call.args]
    texts.insert(after + 1, text)
    lead = start - source.line_start(start)
    source.put(
        start, end, call_text(source.code(call.func), texts, lead, source.indent(call), width)
    )


def _gap(source: Source, holder: Holder, item: Item) -> str:
    """Return what stands between two items: a line break where each has its own line."""
    start = source.start(item)
    line = source.between(source.line_start(start), start)
    return f"\n{line}" if not line.strip() and _exploded(source, holder) else " "


def _exploded(source: Source, holder: Holder) -> bool:
    """Whether each item stands in a line of its own."""
    lines = {source.line(item) for item in items_of(holder)}
    return len(lines) == len(items_of(holder)) and bool(
        len(lines) > 1 or _trailing_comma(holder) or "\n" in source.code(items_of(holder)[0])
    )


def _trailing_comma(holder: Holder) -> bool:
    return isinstance(items_of(holder)[-1].comma, cst.Comma)


def _between_items(source: Source, holder: Holder) -> str:
    items = items_of(holder)
    return source.between(source.end(items[-1]), source.end(holder))


def remove(source: Source, holder: Holder, index: int) -> None:
    """Take one item out, with its comma."""
    remove_all(source, holder, [index])


def remove_all(source: Source, holder: Holder, indexes: Sequence[int]) -> None:
    """Take items out, with their commas."""
    items = items_of(holder)
    kept = [number for number in range(len(items)) if number not in indexes]
    if not kept:
        source.put(source.start(items[0]), _close(source, holder), "")
        return
    for number in sorted(indexes):
        if number > kept[0]:
            source.put(source.end(items[number - 1]), source.end(items[number]), "")
        else:
            source.put(source.start(items[number]), source.start(items[number + 1]), "")
    if isinstance(holder, cst.Tuple) and len(kept) == 1 and not _trailing_comma(holder):
        at = source.end(items[-1])
        source.put(at, at, ",")


def _close(source: Source, holder: Holder) -> int:
    return source.end(holder) - (1 if isinstance(holder, cst.Call) else 0)


def set_keyword(source: Source, call: cst.Call, name: str, value: str | None) -> None:
    """Give a call a keyword argument, another value for it, or none."""
    found = keyword(call, name)
    if found is not None and value is not None:
        source.replace(found.value, value)
    elif found is not None:
        remove(source, call, list(call.args).index(found))
    elif value is not None:
        insert(source, call, f"{name}={value}")


def call_text(function: str, arguments: Sequence[str], lead: int, indent: str, width: int) -> str:
    """Write a call: in one line where it fits, else as Black breaks it.

    Args:
        function: What is called.
        arguments: Each argument's text.
        lead: How many columns stand before it in its line.
        indent: The white space that its line begins with.
        width: The line length.
    """
    flat = f"{function}({', '.join(arguments)})"
    if "\n" not in flat and lead + len(flat) <= width:
        return flat
    deeper = f"{indent}    "
    inner = ", ".join(arguments)
    if "\n" not in inner and len(deeper) + len(inner) <= width:
        return f"{function}(\n{deeper}{inner}\n{indent})"
    lines = "".join(f"{deeper}{item},\n" for item in arguments)
    return f"{function}(\n{lines}{indent})"


def quoted(text: str) -> str:
    """Write a text as a Python constant in double quotes, as formatters prefer."""
    if '"' in text and "'" not in text:
        return "'" + text.replace("\\", "\\\\").replace("\n", "\\n") + "'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
