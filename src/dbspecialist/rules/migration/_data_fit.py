"""What rules ask of the claims about production's rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbspecialist.facts.data_fit import ClaimKind, DataFit
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding, Location
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial


def fits(run: Run, trial: Trial, kind: ClaimKind) -> Iterator[DataFit]:
    """Yield the claims of a kind that a migration needs."""
    for item in run.data_fit:
        if item.claim.kind == kind and item.claim.revision == trial.migration.revision:
            yield item


def fit_of(
    run: Run, trial: Trial, kind: ClaimKind, name: str, statement: StatementEffects | None = None
) -> DataFit | None:
    """Return the claim of a column, constraint or index, of one statement where it is given."""
    for item in fits(run, trial, kind):
        at_statement = statement is None or (
            item.claim.index is not None and trial.statements[item.claim.index] is statement
        )
        if item.claim.object == name and at_statement:
            return item
    return None


def is_decided(run: Run, trial: Trial, statement: StatementEffects, kind: ClaimKind) -> bool:
    """Tell whether every claim of a kind that a statement needs was decided."""
    index = trial.place(statement)
    found = [item for item in fits(run, trial, kind) if item.claim.index == index]
    return bool(found) and all(item.source for item in found)


def place(trial: Trial, fit: DataFit) -> Location:
    """Return the place of the statement that needs a claim, or the file."""
    index = fit.claim.index
    known = index is not None and index < len(trial.statements)
    return trial.location(trial.statements[index] if index is not None and known else None)


def with_query(proof: Proof, fit: DataFit | None) -> Proof:
    """Add the query that decides a claim to what a rule has of it."""
    if fit is None or not fit.claim.query or fit.claim.query in proof.basis:
        return proof
    if proof.verdict == fit.proof.verdict == "refuted":
        return replace(proof, basis=fit.proof.basis)  # says as well why no database decided it
    return replace(proof, basis=f"{proof.basis}; the query that decides it: {fit.claim.query}")


def such_as(fit: DataFit) -> str:
    """Name the counterexample, where it may be shown."""
    return f", such as {fit.counterexample}" if fit.counterexample else ""


def told_by(fit: DataFit) -> str:
    """Say when the counterexample was seen."""
    return "in the database" if fit.source == "database" else "as of the snapshot"


def with_bound(found: Finding, run: Run, trial: Trial, partition: str, table: str) -> Finding:
    """Add to a finding on a table that is searched what is known of its rows."""
    for fit in fits(run, trial, "bound"):
        if (fit.claim.object, fit.claim.relation) == (partition, table):
            return replace(found, evidence=(*found.evidence, fit.proof))
    return found


def is_refused(run: Run, trial: Trial, partition: str) -> bool:
    """Tell whether rows are known that a new partition's bound refuses."""
    claims = (item for item in fits(run, trial, "bound") if item.claim.object == partition)
    return any(item.proof.verdict == "refuted" for item in claims)
