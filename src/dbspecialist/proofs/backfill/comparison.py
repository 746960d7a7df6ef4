"""What a trial of a backfill shows: rows compared after one statement, two, and batches."""

from __future__ import annotations

from collections.abc import Mapping

from dbspecialist.facts.proof import Proof
from dbspecialist.proofs.backfill.exclusion import NOT_AGAIN

SAME = "in batches the statement does what it does at once"

TWICE = "done twice, a row is as done once"


def judge_again(changed: int, matched: int) -> Proof:
    """Judge whether rows that are done match the condition no longer."""
    if matched:
        basis = f"{matched} of {changed} sample rows match again; each row is gone over once by key"
        return Proof(NOT_AGAIN, "refuted", basis)
    return Proof(NOT_AGAIN, "tested", "none of the sample rows matches again", tries=changed)


def judge_twice(
    once: Mapping[str, str], again: Mapping[str, str], changed: int, own: Proof
) -> Proof:
    """Judge whether the rows, as text by their keys, are the same when it has run once more.

    Args:
        own: The proof that each row's new values depend on nothing but the row.
    """
    differing = [key for key in once if once[key] != again.get(key)]
    if not differing:
        return Proof(TWICE, "tested", "the statement was run twice on sample rows", tries=changed)
    if own.verdict != "proven":
        return Proof(TWICE, "unchecked", own.basis)
    basis = (
        f"{len(differing)} sample rows change again; the state table and the batch are committed"
        " together, so each row is done once"
    )
    return Proof(TWICE, "refuted", basis)


def judge_same(
    whole: Mapping[str, str],
    parts: Mapping[str, str],
    counts: tuple[int, int],
    own: Proof,
    *,
    batch: int,
) -> Proof:
    """Judge whether the rows are the same after one statement and after batches.

    Args:
        whole: Each row as text by its key, after one statement; `parts` after batches.
        counts: How many rows changed, at once and in batches.
        own: The proof that each row's new values depend on nothing but the row.
        batch: The rows of a batch.
    """
    changed, in_batches = counts
    differing = [key for key in whole if whole[key] != parts.get(key)]
    if differing and own.verdict != "proven":
        return Proof(SAME, "unchecked", own.basis)
    if differing or changed != in_batches or whole.keys() != parts.keys():
        basis = (
            f"{changed} rows at once and {in_batches} in batches;"
            f" {len(differing)} rows differ afterwards"
        )
        return Proof(SAME, "refuted", basis)
    basis = f"{changed} of {len(whole)} sample rows changed, in batches of {batch}, and compared"
    return Proof(SAME, "tested", basis, tries=changed)
