"""What rules on ALTER TABLE share: which tables they change, how, and why not cheaper."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator

from dbspecialist.engines.mysql.alter import read_alter
from dbspecialist.engines.mysql.names import parts
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.locks import Lock
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import (
    at,
    blocked_for,
    blocks,
    by_blocked_time,
    lock_evidence,
    time_evidence,
)

_VALUES = re.compile(r"'(?:[^']|'')*'")
_PREFIX = re.compile(r"\(\d+\)\Z")
_LENGTH = re.compile(r"varchar\((\d+)\)")
#: Bytes of one character at most (MySQL manual, "Supported Character Sets and Collations").
_WIDTHS = {"utf8mb4": 4, "utf8mb3": 3, "utf8": 3, "utf16": 4, "utf32": 4, "ucs2": 2}
#: Columns longer than this have two bytes for their length (MySQL manual, "Data Type Storage
#: Requirements").
ONE_BYTE = 255

Pair = tuple[SchemaObject, SchemaObject]


def alters(trial: Trial, run: Run) -> Iterator[tuple[StatementEffects, Lock]]:
    """Yield the statements that alter a table which may have rows, with the lock on it."""
    for statement in trial.statements:
        if not statement.algorithm or statement.error or not statement.locks:
            continue
        alter, lock = read_alter(statement.sql), statement.locks[0]
        # A table that the run made has no lock; the first may be on one that it refers to.
        own = alter is not None and parts(lock.relation)[-1] == alter.table
        if own and not run.is_empty(lock.relation):
            yield statement, lock


def copies(trial: Trial, run: Run) -> Iterator[tuple[StatementEffects, Lock]]:
    """Yield the statements that write a table which may have rows anew, row by row."""
    return ((item, lock) for item, lock in alters(trial, run) if item.algorithm == "COPY")


def changed_columns(statement: StatementEffects) -> Iterator[Pair]:
    """Yield the columns that a statement changes: as they were, and as they are."""
    for item in statement.changes:
        if item.before is not None and item.after is not None and item.before.kind == "column":
            yield item.before, item.after


def index_columns(index: SchemaObject) -> list[str]:
    """Return the columns of an index, without the lengths of prefixes."""
    return [_PREFIX.sub("", item) for item in index.attributes["columns"].split(", ")]


def new_foreign_keys(statement: StatementEffects) -> list[SchemaObject]:
    """Return the foreign keys that a statement adds."""
    return [
        item.after
        for item in statement.changes
        if item.before is None and item.after and item.after.attributes.get("references")
    ]


def recoded(statement: StatementEffects) -> list[Pair]:
    """Return the columns whose character set or collation a statement changes."""
    names = ("charset", "collation")
    return [
        (before, after)
        for before, after in changed_columns(statement)
        if before.attributes["charset"]
        and after.attributes["charset"]
        and any(before.attributes[name] != after.attributes[name] for name in names)
    ]


def reordered(statement: StatementEffects) -> list[Pair]:
    """Return the ENUM and SET columns that a statement changes otherwise than at their end."""
    found = []
    for before, after in changed_columns(statement):
        old, new = before.attributes["type"], after.attributes["type"]
        if old[:4] in {"enum", "set("} and new[:4] == old[:4]:
            values, now = _VALUES.findall(old), _VALUES.findall(new)
            if values != now[: len(values)]:
                found.append((before, after))
    return found


def lengthened(statement: StatementEffects) -> list[Pair]:
    """Return the VARCHAR columns that grow over 255 bytes."""
    found = []
    for before, after in changed_columns(statement):
        old, new = longest_bytes(before), longest_bytes(after)
        if old is not None and new is not None and old <= ONE_BYTE < new:
            found.append((before, after))
    return found


def longest_bytes(column: SchemaObject) -> int | None:
    """Return how many bytes a VARCHAR column may hold; nothing for other types."""
    found = _LENGTH.match(column.attributes["type"])
    width = _WIDTHS.get(column.attributes["charset"], 1)
    return int(found[1]) * width if found else None


def copied(
    what: str,
    trial: Trial,
    statement: StatementEffects,
    run: Run,
    *,
    whose: str = "",
    help_: str = "",
) -> Finding:
    """Return the finding of a table that is copied while its writes wait.

    Args:
        what: The object that does it, with its verb's subject ("Column shop.users.email").
        whose: Of which tables what is blocked waits, where they are several.
        help_: What to write instead; by default, how to change the table online.
    """
    lock = statement.locks[0]
    effect = f"{what} copies {lock.relation} row by row: {blocks(lock)}{whose} wait"
    return changed(trial, statement, run, lock, effect, algorithm="COPY", help_=help_)


def changed(
    trial: Trial,
    statement: StatementEffects,
    run: Run,
    lock: Lock,
    effect: str,
    *,
    algorithm: str,
    help_: str = "",
) -> Finding:
    """Return the finding of a table that is changed under a lock.

    Args:
        effect: What changes it, and what waits, up to for how long.
        algorithm: The cheapest that the engine takes.
        help_: What to write instead; by default, how to change the table online.
    """
    relation = lock.relation
    why = f"; {statement.reason}" if statement.reason else ""
    waited = blocked_for(statement, relation, run)
    return finding(
        severity=by_blocked_time(statement, relation, run),
        message=f"{effect} {waited} (ALGORITHM={algorithm}, {lock.mode}{why})",
        location=at(trial, statement),
        evidence=(
            asked(statement),
            lock_evidence(lock),
            time_evidence(statement, relation, run),
        ),
        help=help_ or online_change(trial, statement),
        relation=relation,
    )


def columns_that_become(
    statement: StatementEffects, holds: Callable[[SchemaObject], bool]
) -> list[SchemaObject]:
    """List the columns that a statement adds or changes so that something holds of them."""
    return [
        item.after
        for item in statement.changes
        if item.after is not None
        and item.after.kind == "column"
        and holds(item.after)
        and (item.before is None or not holds(item.before))
    ]


def of_rows(
    trial: Trial, run: Run, statement: StatementEffects, object_: str, *kinds: str
) -> Proof | None:
    """Return what is known of production's rows for an object that a statement changes.

    It is `proven` or `refuted` where the database was asked, and nothing where no claim is made.
    """
    index, revision = trial.place(statement), trial.migration.revision
    for item in run.data_fit:
        claim = item.claim
        place = (claim.revision, claim.index, claim.object)
        if place == (revision, index, object_) and claim.kind in kinds:
            return item.proof
    return None


def is_decided(proof: Proof | None, verdict: str) -> bool:
    """Tell whether the database was asked and answered so."""
    return proof is not None and proof.verdict == verdict


def asked(statement: StatementEffects) -> Proof:
    """Return the proof of an algorithm: the engine was asked for each cheaper one."""
    said = f" ({statement.reason})" if statement.reason else ""
    return Proof(
        f"the engine takes no cheaper way than ALGORITHM={statement.algorithm}",
        "proven",
        f"each cheaper ALGORITHM and LOCK was sent on the twin and refused{said}",
    )


def online_change(trial: Trial, statement: StatementEffects) -> str:
    """Write the command line of a tool that changes the table while writes go on."""
    relation = statement.locks[0].relation
    database, table = parts(relation)
    alter = read_alter(statement.sql)
    clauses = ", ".join(alter.clauses) if alter else ""
    text = shlex.quote(" ".join(clauses.split()))
    referenced = any(
        relation in {item.parent, item.attributes.get("references")}
        for item in trial.before.of_kind("constraint")
        if item.attributes["kind"] == "foreign key"
    )
    if not clauses:
        return "build it in a copy of the table with gh-ost or pt-online-schema-change"
    if referenced:  # gh-ost refuses tables with foreign keys
        return (
            f"pt-online-schema-change --alter {text} --alter-foreign-keys-method=auto "
            f"--execute D={database},t={table}"
        )
    return f"gh-ost --database={database} --table={table} --alter={text} --execute"
