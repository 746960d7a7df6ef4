"""What a round trip proves: the kinds of ways back, told from the states that were seen."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.proof import Proof, Verdict
from dbspecialist.facts.walked import RoundTrip
from dbspecialist.proofs.difference_text import sentence
from dbspecialist.proofs.rows import Fingerprints, Loss, RowsFingerprint, losses
from dbspecialist.proofs.schema_changes import schema_changes
from dbspecialist.toolchains.base import MigrationFailed

CLAIM = "the way back restores the schema and the rows, and the upgrade can be run again"


#: raise_exception (PostgreSQL manual, "PostgreSQL Error Codes").
RAISED = "P0001"

#: Objects or columns named in the basis; `details` holds all.
MOST_NAMED = 3


#: How migrations say that they have no way back.
_IRREVERSIBLE = re.compile(
    r"NotImplemented|irreversib|one[- ]way|(not|n't) (be )?(support|revers|downgrad|undo|roll)"
    r"|unsupported|no (way back|downgrade|rollback)"
    r"|cannot (be )?(revert|revers|downgrad|undo|undone|roll)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Observed:
    """What was seen of a round trip, as far as it went.

    Args:
        before: The catalogue before the upgrade; `rows_before` its rows.
        up: After the upgrade.
        down: After the downgrade.
        again: After the second upgrade.
        up_error: Why the upgrade stopped, or nothing; the others likewise.
        statements_down: How many statements the downgrade sent, its bookkeeping apart.
    """

    before: Catalogue = field(default_factory=Catalogue)
    rows_before: Fingerprints = field(default_factory=dict)
    up: Catalogue | None = None
    rows_up: Fingerprints = field(default_factory=dict)
    down: Catalogue | None = None
    rows_down: Fingerprints = field(default_factory=dict)
    again: Catalogue | None = None
    up_error: MigrationFailed | None = None
    down_error: MigrationFailed | None = None
    again_error: MigrationFailed | None = None
    statements_down: int = 0

    @property
    def is_up(self) -> bool:
        """Whether the database was left in the state after the upgrade."""
        return (
            self.again is not None
            and self.up is not None
            and not schema_changes(self.up, self.again)
        )


def judge_round_trip(seen: Observed, *, reversible: bool | None = None) -> RoundTrip:
    """Classify a round trip by the first of these that holds, and say what was seen.

    `unchecked` (the upgrade fails), `irreversible`, `failing`, `empty`, `unrepeatable` (the second
    upgrade fails), `incomplete`, `lossy`, `unrepeatable` (it ends in another schema), `works`.
    """
    if seen.up_error is not None:
        return _told("unchecked", "unchecked", f"the upgrade fails: {_error(seen.up_error)}")
    if reversible is False:
        return _told("irreversible", "unchecked", "the migration has no way back")
    if seen.down_error is not None:
        return _stopped(seen.down_error)
    if seen.up is None or seen.down is None:
        return _told("unchecked", "unchecked", "the way back was not run")
    lost = losses(seen.rows_before, seen.rows_down)
    left = tuple(sentence(item) for item in schema_changes(seen.before, seen.down))
    return _compared_states(seen, seen.up, left, lost)


def _compared_states(
    seen: Observed, up: Catalogue, left: tuple[str, ...], lost: tuple[Loss, ...]
) -> RoundTrip:
    details = (*left, *(loss.text for loss in lost))
    other = tuple(sentence(item) for item in schema_changes(up, seen.again or up))
    if details and not seen.statements_down:
        kind, basis = "empty", f"the downgrade sends no statement: {_named(details)}"
    elif seen.again_error is not None and not_tried(seen.again_error):
        basis = f"the second upgrade was stopped: {_error(seen.again_error)}"
        return _told("unchecked", "unchecked", basis)
    elif seen.again_error is not None:
        kind, basis = "unrepeatable", f"the second upgrade fails: {_error(seen.again_error)}"
    elif left:
        kind, basis = "incomplete", f"the schema differs after the downgrade: {_named(left)}"
    elif lost:
        return _lossy(seen, lost)
    elif other:
        kind, basis = "unrepeatable", f"the second upgrade ends in another schema: {_named(other)}"
    else:
        return _works(seen.rows_before)
    return _told(kind, "refuted", basis, details or other)


def _told(kind: str, verdict: Verdict, basis: str, details: tuple[str, ...] = ()) -> RoundTrip:
    return RoundTrip(kind, Proof(CLAIM, verdict, basis), details)


def _works(rows: Fingerprints) -> RoundTrip:
    held = [item.count for item in rows.values() if item.count]
    basis = (
        f"upgrade, downgrade and upgrade on a twin with {sum(held)} rows in {len(held)} tables:"
        " catalogue and rows compared after each"
    )
    return RoundTrip("works", Proof(CLAIM, "tested", basis, tries=max(sum(held), 1)))


def _stopped(error: MigrationFailed) -> RoundTrip:
    if _is_its_own(error) and _IRREVERSIBLE.search(error.reason):
        basis = f"the downgrade says that it has no way back: {error.reason}"
        return _told("irreversible", "refuted", basis)
    if not_tried(error):
        return _told("unchecked", "unchecked", f"the downgrade was stopped: {_error(error)}")
    return _told("failing", "refuted", f"the downgrade fails: {_error(error)}")


def not_tried(error: MigrationFailed) -> bool:
    """Tell whether a failure says nothing of the migration: it was not, or not wholly, run."""
    return error.unchecked or (error.error is not None and error.error.stopped)


def throws_by_itself(seen: Observed) -> str:
    """Return why a way back, or the upgrade after it, stopped without the engine's refusal.

    Code that reads made-up rows may take them for nonsense, which says nothing of production.
    """
    error = seen.down_error or seen.again_error
    if error is None or not _is_its_own(error) or not_tried(error):
        return ""
    # RAISE in SQL may stand behind a condition, whatever it says.
    ends = error.error is None and _IRREVERSIBLE.search(error.reason)
    return "" if ends else error.reason


def _is_its_own(error: MigrationFailed) -> bool:
    """Tell whether a migration's own code stops it: an exception of its language, or RAISE."""
    return error.error is None or error.error.sqlstate == RAISED


def without_rows(reason: str, tried: RoundTrip) -> RoundTrip:
    """Judge a round trip that stops on made-up rows by how it went without rows."""
    if tried.kind != "works":
        return tried
    basis = (
        f"on a twin with made-up rows it stops ({reason}); without rows upgrade, "
        "downgrade and upgrade end alike"
    )
    return _told("unchecked", "unchecked", basis)


def _lossy(seen: Observed, lost: tuple[Loss, ...]) -> RoundTrip:
    """Tell a loss that no downgrade can help from one that this downgrade makes."""
    places = [(loss, place) for loss in lost if (place := _still_there(seen, loss))]
    kept = [place for _, place in places]
    details = tuple(loss.text for loss in lost)
    if kept:
        why = f"after the upgrade the values were still there, in {', '.join(kept[:MOST_NAMED])}"
    else:
        why = "the upgrade itself removes the values, so that no downgrade can restore them"
    basis = f"the schema comes back and rows do not: {_named(details)}; {why}"
    copies = tuple(
        (loss.relation, loss.column, place.removeprefix(f"{loss.relation}."))
        for loss, place in places
        if loss.column and place.startswith(f"{loss.relation}.")
    )
    found = _told("lossy", "refuted", basis, details)
    return replace(found, unavoidable=not kept, kept=copies)


def _still_there(seen: Observed, loss: Loss) -> str:
    """Return where the values of before stand after the upgrade, or "".

    Looked at are the place itself and places that are new: equal values elsewhere are chance.
    """
    old = seen.rows_before[loss.relation]
    columns = [loss.column] if loss.column else list(old.columns)
    for name, table in seen.rows_up.items():
        known = seen.rows_before.get(name)
        new = [item for item in table.columns if known is None or item not in known.columns]
        places = [_place(old, column, table, loss.relation == name, new) for column in columns]
        if places and all(places):
            return f"{name}.{places[0]}" if loss.column else name
    return ""


def _place(
    old: RowsFingerprint, column: str, table: RowsFingerprint, same: bool, new: list[str]
) -> str:
    values = old.column(column)
    among = [column, *new] if same and column in table.columns else new
    return next((name for name in among if table.column(name) == values), "")


def _named(details: tuple[str, ...]) -> str:
    more = len(details) - MOST_NAMED
    return "; ".join(details[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _error(failed: MigrationFailed) -> str:
    if failed.error is None:
        return failed.reason
    return f"{failed.error.sqlstate}: {failed.error.message}"
