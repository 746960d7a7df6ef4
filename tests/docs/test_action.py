"""The action and the hook call the command line with options that it has."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import yaml
from pages import ROOT

from dbspecialist.cli.prove import command

OPTIONS = {option for parameter in command.params for option in parameter.opts}
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())


def test_action_uses_options_that_exist() -> None:
    script = ACTION["runs"]["steps"][-1]["run"]
    used = set(re.findall(r"(--[a-z-]+) ", script))
    assert used == {"--format", "--also", "--snapshot", "--fail-on"}
    assert used <= OPTIONS


def test_action_gives_inputs_to_the_shell_through_the_environment() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


def test_action_passes_on_arguments_status_and_summary(tmp_path: Path) -> None:
    bin_ = tmp_path / "dbspecialist" / "bin"
    bin_.mkdir(parents=True)
    (bin_ / "dbs").symlink_to(Path(sys.executable).with_name("dbs"))
    (tmp_path / "summary").touch()
    environment = {
        "PATH": os.environ["PATH"],
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "PROVE_PATH": "no such $(touch owned) folder",
        "SNAPSHOT": "",
        "FAIL_ON": "warning",
        "SARIF": "a b.sarif",
        "ARGUMENTS": "--scale 2",
    }
    ended = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", ACTION["runs"]["steps"][-1]["run"]],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (
        2,
        "dbs: prove: Invalid value for '[PATH]…': Path 'no such $(touch owned) folder'"
        " does not exist; see dbs prove --help\n",
    )
    assert not (tmp_path / "owned").exists()


def test_hook_calls_a_command_that_exists() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["entry"] == "dbs prove"
    pattern = re.compile(hook["files"])
    for path in (
        "migrations/versions/0001_init.py",
        "alembic/versions/1.py",
        "prisma/migrations/2026_init/migration.sql",
        "db/migration/V1__init.sql",
        "schema.sql",
    ):
        assert pattern.search(path), path
    assert not pattern.search("src/shop/orders.py")
