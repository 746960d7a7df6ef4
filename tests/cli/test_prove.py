import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import psutil
import pytest

import dbspecialist.reports

DBS = Path(sys.executable).with_name("dbs")
SCHEMA = json.loads((Path(dbspecialist.reports.__file__).parent / "report.schema.json").read_text())
INDEX = "CREATE INDEX orders_status_idx ON orders (status);\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "production.sql").write_text(
        "CREATE TABLE orders (id bigint PRIMARY KEY, status text NOT NULL);\n"
    )
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "1_index.sql").write_text(INDEX)
    return tmp_path


def prove(
    folder: Path, *options: str, snapshot: str = "production.sql", path: str = "migrations"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DBS, "prove", path, "--snapshot", snapshot, *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def report(folder: Path, *options: str) -> dict[str, Any]:
    ended = prove(folder, "--format", "json", *options)
    assert ended.stderr == ""
    written = json.loads(ended.stdout)
    jsonschema.validate(written, SCHEMA)
    assert isinstance(written, dict)
    return written


def rules(written: dict[str, Any]) -> list[str]:
    return [item["rule"] for item in written["findings"]]


def test_prove_as_json_fits_the_schema(project: Path) -> None:
    written = report(project, "--select", "build-index-concurrently")
    (migration,) = written["migrations"]
    (statement,) = migration["statements"]
    assert (migration["path"], migration["toolchain"]) == ("migrations/1_index.sql", "sql")
    assert statement["locks"] == [
        {
            "relation": "public.orders",
            "mode": "ShareLock",
            "kind": "table",
            "table": "",
            "blocks": ["writes", "ddl"],
        }
    ]
    assert statement["scans"] == ["public.orders"]
    assert rules(written) == ["build-index-concurrently"]
    assert written["findings"][0]["location"] == {"path": "migrations/1_index.sql", "line": 1}
    assert written["summary"]["warning"] == 1


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ((), 0),
        (("--fail-on", "warning"), 1),
        (("--fail-on", "info"), 1),
        (("--fail-on", "never"), 0),
        (("--fail-on", "warning", "--ignore", "build-index-concurrently"), 0),
    ],
)
def test_prove_ends_with_a_status(project: Path, options: tuple[str, ...], status: int) -> None:
    ended = prove(project, "--select", "build-index-concurrently", *options)
    assert (ended.returncode, ended.stderr) == (status, "")


def test_prove_follows_the_configuration(project: Path) -> None:
    (project / "dbspecialist.toml").write_text(
        'snapshot = "production.sql"\nfail_on = "info"\nselect = ["build-index-concurrently"]\n'
        'severity = {build-index-concurrently = "info"}\n'
    )
    ended = subprocess.run(
        [DBS, "prove", "--format", "json"],
        cwd=project / "migrations",
        capture_output=True,
        check=False,
    )
    written = json.loads(ended.stdout)
    assert ended.returncode == 1
    assert [item["severity"] for item in written["findings"]] == ["info"]
    assert written["migrations"][0]["path"] == "1_index.sql"


def test_prove_takes_excuses(project: Path) -> None:
    file = project / "migrations" / "1_index.sql"
    file.write_text(f"-- dbs: ignore build-index-concurrently nobody writes by night\n{INDEX}")
    assert "build-index-concurrently" not in rules(report(project))
    file.write_text(f"-- dbs: ignore build-index-concurrently\n{INDEX}")
    assert {"build-index-concurrently", "give-a-reason-for-ignores"} <= set(rules(report(project)))


def test_prove_writes_further_reports(project: Path) -> None:
    ended = prove(
        project, "--also", "sarif", "a.sarif", "--also", "markdown", "a.md", "-o", "a.txt"
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert json.loads((project / "a.sarif").read_text())["version"] == "2.1.0"
    assert (project / "a.md").read_text().startswith("## What the migrations do to production\n")
    assert (project / "a.txt").read_text().startswith("production  production.sql")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--select", "build-index-concurently"), "no rule is called 'build-index-concurently';"),
        (("--toolchain", "rails"), "rails"),
        (("--output", "missing/a.txt"), "missing/a.txt: cannot be written (No such file or"),
        (("--also", "json", "missing/a.json"), "missing/a.json: cannot be written (No such file"),
    ],
)
def test_prove_refuses_in_one_line(project: Path, options: tuple[str, ...], said: str) -> None:
    ended = prove(project, *options)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert re.fullmatch(r"dbs: [^\n]+\n", ended.stderr)


def test_prove_refuses_a_schema_that_the_engine_refuses(project: Path) -> None:
    (project / "production.sql").write_text("SELECT 1;\nCREATE TABEL orders ();\n")
    ended = prove(project)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        'dbs: production.sql:2: the engine refuses it: syntax error at or near "TABEL";'
        " mend the statement\n"
    )


def test_prove_reports_a_migration_with_a_mistake(project: Path) -> None:
    (project / "migrations" / "1_index.sql").write_text("ALTER TABLE orders upon a time;\n")
    written = report(project)
    (statement,) = written["migrations"][0]["statements"]
    assert statement["error"]["sqlstate"] == "42601"


def sessions(owner: psutil.Process) -> list[psutil.Process]:
    """List the servers' processes that a run has started and that have not ended."""
    try:
        found = owner.children(recursive=True)
        return [item for item in found if item.status() != psutil.STATUS_ZOMBIE]
    except psutil.NoSuchProcess:
        return []


def is_running_a_statement(owner: psutil.Process) -> bool:
    for item in sessions(owner):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "SELECT" in " ".join(item.cmdline()):
                return True
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_prove_interrupted_leaves_nothing_running(project: Path, number: signal.Signals) -> None:
    (project / "migrations" / "1_index.sql").write_text("SELECT pg_sleep(60);\n")
    with subprocess.Popen(
        [DBS, "prove", "migrations", "--snapshot", "production.sql"],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            owner = psutil.Process(process.pid)
            deadline = time.monotonic() + 20
            while not is_running_a_statement(owner):
                assert time.monotonic() < deadline
                time.sleep(0.1)
            started = sessions(owner)
            os.kill(process.pid, number)
            out, err = process.communicate(timeout=10)
        finally:
            process.kill()
    assert (process.returncode, out) == (2, "")
    assert err == "dbs: interrupted; nothing is left running\n"
    _, alive = psutil.wait_procs(started, timeout=5)
    assert alive == []
