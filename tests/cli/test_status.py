import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import psycopg
import pytest

from dbspecialist.cli._status import Run, ending_with_a_status, without_passwords
from dbspecialist.facts.errors import InputError


def raising(error: BaseException) -> Callable[[], int]:
    def command() -> int:
        raise error

    return command


def test_status_is_what_the_command_returns() -> None:
    assert ending_with_a_status(lambda: 1, Run()) == 1


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            InputError("is cut short", "prod.snapshot", "take it anew"),
            "dbs: prod.snapshot: is cut short; take it anew\n",
        ),
        (
            InputError("refuses\nthe connection", "postgresql://me:secret@db/shop", "ask it"),
            "dbs: postgresql://me@db/shop: refuses the connection; ask it\n",
        ),
        (click.UsageError("No such option."), "dbs: No such option; see dbs --help\n"),
        (KeyboardInterrupt(), "dbs: interrupted; nothing is left running\n"),
        (
            OSError(errno.ENOSPC, "No space left on device", "/var/twin"),
            "dbs: /var/twin: No space left on device;"
            " make room or grant access, or choose another place\n",
        ),
        (
            psycopg.errors.DiskFull("could not extend file\nHINT:  Check free disk space."),
            "dbs: the twin's server gives up: could not extend file;"
            " free memory and 256 MiB, or set TMPDIR\n",
        ),
        (
            psycopg.OperationalError("server closed the connection unexpectedly"),
            "dbs: the twin's server gives up: server closed the connection unexpectedly;"
            " free memory and 256 MiB, or set TMPDIR\n",
        ),
    ],
)
def test_status_of_bad_input_is_2_and_one_line(
    error: BaseException, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending_with_a_status(raising(error), Run()) == 2
    assert capsys.readouterr() == ("", line)


def test_status_of_a_defect_is_3_and_a_kept_traceback(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    error = ValueError("postgresql://me:secret@db/shop")
    assert ending_with_a_status(raising(error), Run()) == 3
    (file,) = tmp_path.iterdir()
    assert capsys.readouterr().err == (
        "dbs: a defect of dbspecialist: ValueError: postgresql://me@db/shop;"
        f" please report the traceback in {file}\n"
    )
    kept = file.read_text()
    assert kept.startswith("Traceback (most recent call last):")
    assert "secret" not in kept


def test_status_of_a_defect_where_no_traceback_can_be_kept(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    assert ending_with_a_status(raising(ValueError("odd")), Run()) == 3
    assert capsys.readouterr().err == (
        "dbs: a defect of dbspecialist: ValueError: odd;"
        " please report the traceback that --debug prints\n"
    )


def test_status_of_a_defect_with_debug_shows_the_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ending_with_a_status(raising(ValueError("odd")), Run(debug=True)) == 3
    said = capsys.readouterr().err
    assert said.startswith("Traceback (most recent call last):")
    assert said.endswith(
        "dbs: a defect of dbspecialist: ValueError: odd; please report the traceback above\n"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_status_after_a_signal_is_2_and_the_blocks_are_left(number: signal.Signals) -> None:
    script = (
        "import sys, time\n"
        "from dbspecialist.cli._status import Run, ending_with_a_status\n"
        "def command():\n"
        "    try:\n"
        "        print('ready', flush=True)\n"
        "        time.sleep(30)\n"
        "    finally:\n"
        "        print('closed', flush=True)\n"
        "sys.exit(ending_with_a_status(command, Run()))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.kill(process.pid, number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (
        2,
        "closed\n",
        "dbs: interrupted; nothing is left running\n",
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:s3cret@db/shop", "postgresql://me@db/shop"),
        ("postgresql://me:p@ss@db/shop", "postgresql://me@db/shop"),
        ("postgresql://me@db/shop", "postgresql://me@db/shop"),
        ("host=db password=s3cret user=me", "host=db password=*** user=me"),
        (
            "postgresql://db/shop?user=me&password=s3cret",
            "postgresql://db/shop?user=me&password=***",
        ),
    ],
)
def test_without_passwords(text: str, shown: str) -> None:
    assert without_passwords(text) == shown


_HELD_BACK = """
import os, signal
from dbspecialist.cli._status import interrupts_later
try:
    with interrupts_later():
        os.kill(os.getpid(), signal.SIGINT)
        print("imported", end=" ")
    print("not reached")
except KeyboardInterrupt:
    print("interrupted")
"""


def test_interrupt_during_imports_comes_after_them() -> None:
    done = subprocess.run([sys.executable, "-c", _HELD_BACK], capture_output=True, check=True)
    assert done.stdout == b"imported interrupted\n"


_PROGRAM = """
import atexit, sys
import dbspecialist.cli as cli

class Kept:
    def __del__(self):
        print("taken apart")

kept = Kept()

def main():
    atexit.register(print, "at the end")
    print("told", end=" ", flush=False)
    {ending}

cli.main = main
cli.program()
"""


def run_program(ending: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(ending=ending)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_program_ends_with_the_status_and_leaves_its_memory_to_the_system() -> None:
    done = run_program("return 1")
    assert (done.returncode, done.stdout, done.stderr) == (1, "told at the end\n", "")


def test_program_that_ends_by_an_error_ends_as_any_other() -> None:
    done = run_program("raise KeyError('x')")
    assert (done.returncode, done.stdout) == (1, "told at the end\ntaken apart\n")
    assert done.stderr.splitlines()[-1] == "KeyError: 'x'"


def test_program_whose_output_cannot_be_written_ends_with_120() -> None:
    buffered = {key: text for key, text in os.environ.items() if key != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-c", _PROGRAM.format(ending="return 0")]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, env=buffered, check=False)
    assert done.returncode == 120
