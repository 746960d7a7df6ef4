"""The documentation is complete: every command has its page, every option is named in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
from pages import DOCS, pages

from dbspecialist.cli._group import group
from dbspecialist.cli._options import FORMATS
from dbspecialist.rules.base import rule_ids


def commands() -> Iterator[tuple[str, list[str], click.Command]]:
    """Yield page, words and command of everything that can be called.

    A group has one page, or each of its commands has its own.
    """
    with group.make_context("dbs", ["rules"]) as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            if not isinstance(command, click.Group):
                yield name, [name], command
                continue
            whole = (DOCS / "commands" / f"{name}.md").exists()
            if whole:
                yield name, [name], command
            for sub in command.list_commands(context):
                subcommand = command.get_command(context, sub)
                assert subcommand is not None
                yield name if whole else f"{name}-{sub}", [name, sub], subcommand


COMMANDS = list(commands())
EACH = pytest.mark.parametrize(
    ("page", "words", "command"),
    [pytest.param(*found, id=" ".join(found[1])) for found in COMMANDS],
)


@EACH
def test_every_command_has_its_page(page: str, words: list[str], command: click.Command) -> None:
    text = (DOCS / "commands" / f"{page}.md").read_text()
    assert f"# dbs {' '.join(words)}\n" in text


@EACH
def test_every_option_is_named_on_its_page(
    page: str, words: list[str], command: click.Command
) -> None:
    text = (DOCS / "commands" / f"{page}.md").read_text()
    options = [
        option
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
    ]
    assert [option for option in options if not re.search(rf"`{option}[ `]", text)] == []


def test_no_page_is_left_of_a_command_that_is_gone() -> None:
    assert {path.stem for path in (DOCS / "commands").glob("*.md")} == {
        page for page, _, _ in COMMANDS
    }


def test_no_page_names_an_option_that_is_gone() -> None:
    known = {
        option
        for _, _, command in COMMANDS
        for parameter in command.params
        for option in parameter.opts
    }
    for page in (DOCS / "commands").glob("*.md"):
        named = set(re.findall(r"`(--[a-z-]+)[ `]", page.read_text()))
        assert named <= known, page.name


def test_every_format_is_named() -> None:
    text = (DOCS / "commands" / "prove.md").read_text()
    row = next(line for line in text.splitlines() if line.startswith("| `--format"))
    assert [name for name in FORMATS if f"`{name}`" not in row] == []


def test_every_rule_that_a_page_names_is_there() -> None:
    named = {
        rule
        for page in pages()
        for rule in re.findall(
            r"(?:dbs: ignore(?:-file)?|\$ dbs rules) ([a-z-]+)", page.read_text()
        )
    }
    assert len(named) >= 2
    assert named - {*rule_ids(), "eat-more-fruit"} == set()
