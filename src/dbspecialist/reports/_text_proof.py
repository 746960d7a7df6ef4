"""Proofs as text for people: a verdict in its colour, the claim, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from rich.table import Table
from rich.text import Text

from dbspecialist.facts.proof import Proof
from dbspecialist.facts.units import plural
from dbspecialist.reports._clean import visible

COLOURS = {
    "error": "not dim bold red",
    "warning": "not dim bold yellow",
    "info": "not dim bold blue",
    "proven": "not dim green",
    "tested": "not dim cyan",
    "refuted": "not dim red",
    "unchecked": "not dim yellow",
}


def add_proofs(table: Table, proofs: Iterable[Proof], message: str) -> Table:
    """Add proofs to a table, those with one basis in one row.

    What a message says already is not said again.
    """
    for (verdict, basis, _), group in groupby(
        proofs, lambda one: (one.verdict, one.basis, one.tries)
    ):
        found = list(group)
        told = replace(found[0], claim="; ".join(item.claim for item in found))
        text = Text(visible(told.claim)) if basis in message else _claim_and_basis(told)
        table.add_row(Text(verdict, COLOURS[verdict]), text)
    return table


def proof_text(proof: Proof) -> Text:
    """Return a proof's verdict, claim and basis."""
    return verdict_text(proof).append_text(_claim_and_basis(proof))


def verdict_and_basis(proof: Proof) -> Text:
    """Return a proof's verdict and basis, where its claim is known."""
    return verdict_text(proof).append(visible(proof.basis))


def verdict_text(proof: Proof) -> Text:
    """Return a proof's verdict."""
    return Text().append(f"{proof.verdict:<9}  ", COLOURS[proof.verdict])


def _claim_and_basis(proof: Proof) -> Text:
    tries = f" on {plural(proof.tries, 'try').replace('trys', 'tries')}" if proof.tries else ""
    text = Text(visible(proof.claim) + tries)
    return text.append(f": {visible(proof.basis)}", "dim")
