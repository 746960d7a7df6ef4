"""Every rule's first case that is mended, with names that need quotes: `"Order Items"`."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import Case, all_cases, run_case
from quoting import STYLES, known_words, with_quoted_names

from dbspecialist.twins.cluster import Cluster

MENDED = [case for case in all_cases() if case.engine == "postgresql" and "fix" in case.data]
#: One for each rule.
CASES = list({case.rule: case for case in reversed(MENDED)}.values())


@pytest.fixture(scope="module")
def known(cluster: Cluster) -> frozenset[str]:
    return known_words(cluster)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_quoted_names_are_found_and_mended_alike(
    case: Case, style: str, known: frozenset[str], cluster: Cluster, tmp_path: Path
) -> None:
    quoted = with_quoted_names(case, known, style)
    assert '"' in str(quoted.data["change"])
    _, found = run_case(quoted, cluster, tmp_path)
    wanted = case.data["finds"] if isinstance(case.data["finds"], list) else [case.data["finds"]]
    assert [item.severity for item in found] == [item["severity"] for item in wanted]
    fixes = [item.fix for item in found if item.fix]
    assert fixes, [item.message for item in found]
    assert all(item.safe == (case.data["fix"] == "ends-in-same-catalogue") for item in fixes)
