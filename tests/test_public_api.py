from __future__ import annotations

import subprocess
import sys

import dbspecialist


def test_public_names_are_sorted_and_all_there() -> None:
    assert dbspecialist.__all__ == sorted(dbspecialist.__all__)
    assert set(dbspecialist.__all__) == set(dbspecialist._HOMES)
    for name in dbspecialist.__all__:
        assert getattr(dbspecialist, name).__name__ == name


def test_public_names_have_a_docstring() -> None:
    undocumented = [
        name for name in dbspecialist.__all__ if not getattr(dbspecialist, name).__doc__
    ]
    assert undocumented == []


def test_import_loads_nothing_heavy() -> None:
    heavy = {"psycopg", "rich", "sqlalchemy"}
    code = f"import sys, dbspecialist; print(sorted({heavy} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
