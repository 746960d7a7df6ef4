import io
import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dbspecialist.cli._output import deliver, status, wants_colour, write_file
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.finding import Finding, Location, Severity
from dbspecialist.facts.report import Report, TwinFacts

TWIN = TwinFacts("postgresql", "18.6", "prod.snapshot", "16.4", 612.0)


def report(*severities: Severity) -> Report:
    where = Location("a.sql", 1)
    return Report(TWIN, findings=tuple(Finding("a", item, "b", where) for item in severities))


@pytest.mark.parametrize(
    ("severities", "fail_on", "expected"),
    [
        ((), "info", 0),
        (("info",), "info", 1),
        (("info",), "warning", 0),
        (("warning", "info"), "warning", 1),
        (("warning",), "error", 0),
        (("error",), "error", 1),
        (("error",), "info", 1),
        (("error",), "never", 0),
    ],
)
def test_status(severities: tuple[Severity, ...], fail_on: str, expected: int) -> None:
    assert status(report(*severities), fail_on) == expected


def test_deliver_writes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert deliver(report("error"), "json", None) == 1
    assert json.loads(capsys.readouterr().out)["summary"]["error"] == 1


def test_deliver_writes_files_and_leaves_standard_output_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, other = tmp_path / "report.txt", tmp_path / "report.json"
    assert deliver(report(), "text", text, [("json", other)]) == 0
    assert capsys.readouterr().out == ""
    assert text.read_text().endswith("0 migrations, 0 statements: nothing found\nno claims\n")
    assert json.loads(other.read_text())["schema_version"] == 1
    assert sorted(tmp_path.iterdir()) == [other, text]


def test_write_file_keeps_permissions(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_text("old")
    path.chmod(0o640)
    write_file(path, "new")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new\n", 0o640)


def test_write_file_where_the_folder_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "report.txt"
    with pytest.raises(InputError) as refused:
        write_file(path, "new")
    assert str(refused.value) == (
        f"{path}: cannot be written (No such file or directory); choose another file"
    )


def test_write_file_where_a_folder_stands_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.mkdir()
    with pytest.raises(InputError, match="Is a directory"):
        write_file(path, "new")
    assert list(tmp_path.iterdir()) == [path]


def test_write_standard_output_where_the_reader_has_gone_keeps_the_status() -> None:
    script = (
        "import sys\n"
        "from dbspecialist.cli._output import write_standard_output\n"
        "sys.stdin.readline()\n"
        "write_standard_output('a line\\n' * 100_000)\n"
        "sys.exit(7)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdin
        assert process.stderr
        process.stdout.close()
        process.stdin.write("go\n")
        process.stdin.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=20) == 7


def test_wants_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert not wants_colour()
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert wants_colour()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_colour()
