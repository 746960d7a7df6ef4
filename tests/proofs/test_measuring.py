"""Rates: the processor time of another process, measured once and kept."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from dbspecialist.proofs import measuring
from dbspecialist.proofs.measuring import kept, seconds_of


@dataclass(frozen=True)
class Rates:
    rows: float


def test_waiting_is_no_work() -> None:
    assert seconds_of(os.getpid(), lambda: time.sleep(1)) < 0.9


def test_work_takes_time() -> None:
    assert seconds_of(os.getpid(), lambda: sum(range(1_000_000))) > 0


def test_rates_are_measured_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "cache_folder", lambda: tmp_path)
    assert kept("engine-1", Rates, lambda: Rates(5.0)) == Rates(5.0)
    assert kept("engine-1", Rates, lambda: Rates(7.0)) == Rates(5.0)
    assert kept("engine-2", Rates, lambda: Rates(7.0)) == Rates(7.0)


def test_rates_that_were_cut_short_are_measured_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "cache_folder", lambda: tmp_path)
    kept("engine-1", Rates, lambda: Rates(5.0))
    (path,) = tmp_path.rglob("rates-engine-1.json")
    path.write_text('{"rows": 5')
    assert kept("engine-1", Rates, lambda: Rates(7.0)) == Rates(7.0)
