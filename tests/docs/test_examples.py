"""What the documentation shows is what happens."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from pages import DOCS, ROOT, Example, examples, files, pages

BIN = Path(sys.executable).parent
EXAMPLES = [
    pytest.param(page, example, id=example.command)
    for page in pages()
    for example in examples(page)
]


@pytest.mark.parametrize(("page", "example"), EXAMPLES)
def test_example_prints_what_the_page_says(page: Path, example: Example, tmp_path: Path) -> None:
    for name, text in files(page).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    words = shlex.split(example.command)
    ended = subprocess.run(
        [str(BIN / words[0]), *words[1:]],
        cwd=tmp_path,
        env={"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": os.environ.get("HOME", "/")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert example.matches(ended.stdout), ended.stdout
    assert ended.returncode == example.status


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 4


def test_example_does_not_match_another_text() -> None:
    example = Example("a.md", "dbs", "one … three\n", 0)
    assert example.matches("one two\ntwo three\n")
    assert not example.matches("one two four\n")


def test_configuration_page_shows_a_file_that_is_read(tmp_path: Path) -> None:
    from dbspecialist.tasks.configuration import KEYS, read_configuration

    text = files(DOCS / "configuration.md")["dbspecialist.toml"]
    (tmp_path / "dbspecialist.toml").write_text(text)
    assert read_configuration(tmp_path).fail_on == "warning"
    assert [key for key in KEYS if key not in text] == []


def test_links_lead_somewhere() -> None:
    import re

    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages()
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []
