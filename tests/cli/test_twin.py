import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dbspecialist.engines.snapshot_file import write_snapshot
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.twins.commands import wait_until_told

DBS = Path(sys.executable).with_name("dbs")


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("snapshot") / "shop.snapshot"
    write_snapshot(
        Snapshot("postgresql", 180000, "shop", "made by hand", "2026-01-01", Catalogue()), path
    )
    yield path


def run(snapshot: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DBS, "twin", "run", snapshot, "--", *command], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_open_keeps_the_server_until_it_is_told(snapshot: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        [DBS, "twin", "open", snapshot], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            with psycopg.connect(process.stdout.readline().strip()) as connection:
                assert connection.info.dbname == "shop"
                folder = Path(connection.info.host)
                assert folder.is_dir()
        finally:
            process.send_signal(number)
        _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, "")
    assert not folder.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_sent_as_soon_as_the_url_is_told_ends_the_wait(number: signal.Signals) -> None:
    heard = signal.getsignal(number)
    wait_until_told(lambda: os.kill(os.getpid(), number))
    assert signal.getsignal(number) is heard


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_open_ends_well_with_a_signal_from_whoever_reads_the_url(
    snapshot: Path, number: signal.Signals
) -> None:
    # The write of the URL itself sends the signal, before the call that wrote it returns.
    script = (
        "import os, sys\n"
        "from dbspecialist.cli import _output\n"
        "write = _output.write_standard_output\n"
        "def told(text):\n"
        f"    write(text); os.kill(os.getpid(), {number})\n"
        "_output.write_standard_output = told\n"
        "from dbspecialist.cli import program\n"
        f"sys.argv = ['dbs', 'twin', 'open', {str(snapshot)!r}]\n"
        "sys.exit(program())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_run_gives_the_command_a_twin_and_ends_as_it_ends(snapshot: Path) -> None:
    script = (
        "import os, psycopg, sys\n"
        "print(psycopg.connect(os.environ['DATABASE_URL']).info.dbname)\n"
        "sys.exit(7)"
    )
    ended = run(snapshot, sys.executable, "-c", script)
    assert (ended.returncode, ended.stdout, ended.stderr) == (7, "shop\n", "")


def test_run_hands_sigterm_to_its_command(snapshot: Path) -> None:
    script = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    with subprocess.Popen(
        [DBS, "twin", "run", snapshot, "--", sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        command = int(process.stdout.readline())
        process.terminate()
        _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (143, "")
    with pytest.raises(ProcessLookupError):
        os.kill(command, 0)


def test_run_passes_options_on(snapshot: Path) -> None:
    ended = run(snapshot, "echo", "--scale", "--debug", "-x")
    assert (ended.returncode, ended.stdout) == (0, "--scale --debug -x\n")


def test_run_of_a_command_that_is_killed(snapshot: Path) -> None:
    assert run(snapshot, "sh", "-c", "kill -9 $$").returncode == 137


def test_run_of_a_command_that_is_not_there(snapshot: Path) -> None:
    ended = run(snapshot, "no-such-command")
    assert (ended.returncode, ended.stderr) == (
        2,
        "dbs: no-such-command: cannot be started (No such file or directory);"
        " name a program on PATH\n",
    )


def test_open_of_what_is_no_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "prod.snapshot"
    path.write_text("{}")
    ended = subprocess.run([DBS, "twin", "open", path], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"dbs: {path}: ")
    assert ended.stderr.count("\n") == 1
