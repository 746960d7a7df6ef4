"""The receipt of a backfill: JSON that says what is done, to what, and what was tried."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dbspecialist.engines.files import write_whole
from dbspecialist.facts.backfill import BackfillPlan, BackfillReceipt, KeyColumn
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.proof import VERDICTS, Proof

NAME = "dbspecialist backfill receipt"
FORMAT = 1
AGAIN = "make a new one with --plan"
#: A job's name is as much of its plan's hash.
NAME_LENGTH = 16


def plan_hash(plan: BackfillPlan) -> str:
    """Return the SHA-256 of a plan."""
    return hashlib.sha256(_json(asdict(plan)).encode()).hexdigest()


def write_receipt(receipt: BackfillReceipt, path: Path) -> None:
    """Write a receipt; the file is whole or not there.

    Raises:
        InputError: When the file cannot be written.
    """
    body = _body(receipt)
    content = {"format": NAME, "version": FORMAT, "checksum": _checksum(body), **body}
    try:
        write_whole(path, (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode())
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(reason, str(path), "choose another place with --plan") from error


def read_receipt(path: Path) -> BackfillReceipt:
    """Read a receipt.

    Raises:
        InputError: When it cannot be read, is no receipt, or was changed after it was made.
    """
    content = _content(path)
    if not isinstance(content, dict) or content.get("format") != NAME:
        raise InputError("is no receipt of a backfill", str(path), "make one with --plan")
    if content.get("version") != FORMAT:
        raise InputError(
            f"has format version {content.get('version')}, this dbspecialist reads {FORMAT}",
            str(path),
            AGAIN,
        )
    try:
        receipt = _receipt(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"is damaged ({error!r})", str(path), AGAIN) from error
    is_same = plan_hash(receipt.plan) == receipt.plan_hash
    if not is_same or content.get("checksum") != _checksum(_body(receipt)):
        raise InputError("was changed after it was made", str(path), AGAIN)
    return receipt


def _content(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(reason, str(path), "name a file that can be read") from error
    except (ValueError, RecursionError) as error:
        raise InputError(
            "is no receipt of a backfill", str(path), "make one with --plan"
        ) from error


def _receipt(content: dict[str, Any]) -> BackfillReceipt:
    given = dict(content["plan"])
    given["key"] = tuple(KeyColumn(**item) for item in given["key"])
    for name in ("targets", "calls", "shape"):
        given[name] = tuple(given[name])
    proofs = tuple(Proof(**item) for item in content["proofs"])
    if any(item.verdict not in VERDICTS for item in proofs):
        raise ValueError("an unknown verdict")
    return BackfillReceipt(
        content["job"],
        BackfillPlan(**given),
        content["plan_hash"],
        content["schema_fingerprint"],
        proofs,
    )


def _body(receipt: BackfillReceipt) -> dict[str, Any]:
    return {
        "job": receipt.job,
        "plan_hash": receipt.plan_hash,
        "schema_fingerprint": receipt.fingerprint,
        "statement": receipt.plan.statement,
        "plan": asdict(receipt.plan),
        "proofs": [asdict(item) for item in receipt.proofs],
    }


def _checksum(body: dict[str, Any]) -> str:
    return hashlib.sha256(_json(body).encode()).hexdigest()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
