"""How a project writes its JavaScript or TypeScript migrations, read from the newest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dbspecialist.toolchains.sql_style import style_of

_INDENTED = re.compile(r"^( +|\t)(?:public |static )*(?:async )?up\b", re.MULTILINE)
_INSIDE = re.compile(r"^( +|\t)[^\s*]", re.MULTILINE)
_STATEMENT = re.compile(r"[)'\"`](;?)[ \t]*$", re.MULTILINE)
_IMPORT = re.compile(
    r"^(?:import\s+(?P<type>type\s+)?(?P<what>[^;'\"]+?)\s+from\s+['\"][^'\"]+['\"];?"
    r"|(?:const|let|var)\s+(?P<bound>[^=;]+?)\s*=\s*require\([^)]*\)[^;\n]*;?)[ \t]*$",
    re.MULTILINE,
)
_WORD = re.compile(r"[A-Za-z_$][\w$]*")


@dataclass(frozen=True, slots=True)
class NodeStyle:
    """How a file is written.

    Args:
        text: The file.
        unit: One step of indentation.
        semicolons: Whether statements end with one.
    """

    text: str
    unit: str
    semicolons: bool

    def ended(self, lines: Sequence[str]) -> Iterator[str]:
        """Yield lines of code with semicolons where the file has them."""
        for line in lines:
            plain = line.lstrip().startswith("//") or line.endswith(("{", "(", ","))
            yield line if plain or not self.semicolons else f"{line};"

    def imports(self, used: str) -> Iterator[str]:
        """Yield the file's imports of names that a text uses, without the others."""
        words = set(_WORD.findall(used))
        for found in _IMPORT.finditer(self.text):
            what = found["what"] or found["bound"]
            names = _WORD.findall(what)
            kept = [name for name in names if name in words]
            if kept and "{" in what and len(kept) < len(names):
                inside = f"{{ {', '.join(kept)} }}"
                yield found[0].replace(what, inside)
            elif kept:
                yield found[0]


def read_style(path: Path) -> NodeStyle:
    """Read how a migration is written."""
    text = path.read_text(encoding="utf-8")
    indented = _INDENTED.search(text) or _INSIDE.search(text)
    ends = [found[1] for found in _STATEMENT.finditer(text)]
    return NodeStyle(text, indented[1] if indented else "  ", 2 * sum(map(len, ends)) > len(ends))


def in_style(paths: Sequence[Path], statements: Sequence[str]) -> tuple[str, ...]:
    """Return statements as the files write them."""
    return style_of(path.read_text(encoding="utf-8") for path in paths).written(statements)
