"""Draw the picture of the README: what `dbs prove` prints for one revision of examples/shop.

Run it from the repository's root: python docs/make_picture.py
"""

from __future__ import annotations

import re
from dataclasses import replace
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

from dbspecialist import prove
from dbspecialist.reports import text

ROOT = Path(__file__).parent.parent
RULES = ("build-index-concurrently", "set-lock-timeout")


def main() -> None:
    """Write docs/prove.svg."""
    shop = ROOT / "examples" / "shop"
    report = prove([shop], snapshot=shop / "prod.snapshot", to="0011")
    shown = replace(
        report,
        migrations=report.migrations[-1:],
        findings=tuple(item for item in report.findings if item.rule in RULES),
        proofs=report.proofs[:2],
        notes=(),
    )
    console = Console(record=True, width=102, file=StringIO())
    console.print(Text.from_ansi(text.render(shown, width=100, colour=True)))
    picture = console.export_svg(title="dbs prove --snapshot prod.snapshot")
    # The fonts that are named are fetched from elsewhere; a reader's own will do.
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    picture = re.sub(r"<!--.*?-->", "", picture, flags=re.DOTALL)
    picture = picture.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace")
    (ROOT / "docs" / "prove.svg").write_text(picture)


if __name__ == "__main__":
    main()
