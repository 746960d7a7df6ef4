"""Backfill: a long data change, tried on a twin and carried out in batches."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Literal

from dbspecialist.engines.postgresql.backfill import as_sql, as_sqlalchemy
from dbspecialist.engines.postgresql.backfill.reading import composed
from dbspecialist.engines.postgresql.backfill.runner import Runner
from dbspecialist.engines.postgresql.backfill.session import Access
from dbspecialist.engines.postgresql.backfill.state import refuse_odd_name
from dbspecialist.engines.postgresql.server import source_of
from dbspecialist.engines.receipt_file import read_receipt, write_receipt
from dbspecialist.facts.backfill import (
    STATE_TABLE,
    BackfillLimits,
    BackfillReceipt,
    BackfillReport,
    BackfillState,
    BackfillStep,
)
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.units import plural
from dbspecialist.tasks.backfill_planning import (
    Asked,
    make_plan,
    one_line,
    refuse_lost_receipt,
)
from dbspecialist.tasks.snapshot import refuse_unusable
from dbspecialist.twins.variables import hidden_variables, shown_variables

Told = Callable[[str | BackfillStep], None]
Form = Literal["sql", "sqlalchemy"]
Source = str | PathLike[str]
DEFAULTS = BackfillLimits()


@hidden_variables()
def backfill(
    statement: str | None = None,
    *,
    table: str | None = None,
    set_: str | None = None,
    where: str | None = None,
    database: str | None = None,
    snapshot: Source | Snapshot | None = None,
    plan: Source | None = None,
    receipt: Source | BackfillReceipt | None = None,
    role: str | None = None,
    superuser: bool = False,
    state_table: str | None = None,
    dry_run: bool = False,
    as_: Form | None = None,
    volatile: bool = False,
    limits: BackfillLimits = DEFAULTS,
    progress: Told | None = None,
) -> BackfillReport:
    """Plan a backfill, estimate it, write it as a program, or carry it out on a database.

    With `plan` the statement is tried on a twin and a receipt is written. With `dry_run` nothing
    is written anywhere. With `as_` the job is returned as a program. Else the job of `receipt` is
    begun or resumed on `database`: the one thing that writes to a user's database.

    Args:
        statement: One UPDATE of one table; with a receipt it may be left out.
        table: The table, where the statement is given in parts with `set_` and `where`.
        set_: What stands after SET.
        where: What stands after WHERE.
        database: A URL; read for a plan and a dry run, written to for a run.
        snapshot: What the twin is made of: a snapshot, its file, or a .sql file with a schema.
            Without one the database is captured.
        plan: Write the receipt to this file.
        receipt: A receipt, or its file.
        role: The role that the session must have for a run.
        superuser: Whether that role may be a superuser.
        state_table: The table in the database that holds how far jobs have come, for a plan;
            `public.dbs_backfills` without one.
        dry_run: Say what would be done, in how many batches, in what time.
        as_: Return the job as a SQL script or a Python program with SQLAlchemy.
        volatile: Whether assignments may call volatile functions.
        limits: How much the job may ask of the server.
        progress: Called with a sentence, or with how far the job has come.

    Raises:
        InputError: Where the input cannot be used, or the job cannot go on.
    """
    _refuse_contradictions(plan is not None, receipt is not None, dry_run, as_ is not None)
    text = _statement(statement, table, set_, where)
    if database is not None:
        source_of(database)  # what cannot be read is refused before anything runs
    held = read_receipt(Path(receipt)) if isinstance(receipt, str | PathLike) else receipt
    _refuse_other_statement(text, held)
    where_kept = _state_table(state_table, held)
    tell = progress or (lambda _: None)
    words = text or (held.plan.text if held else "")
    asked = Asked(words, database, snapshot, volatile, limits, where_kept)
    if plan is not None:
        return _plan(asked, Path(plan), tell)
    if dry_run or as_:
        return _prepare(asked, held, as_, tell)
    return _run(asked, held, _given_role(role), superuser, tell)


def _refuse_contradictions(plan: bool, receipt: bool, dry_run: bool, as_: bool) -> None:
    if plan and (receipt or dry_run or as_):
        other = "--receipt" if receipt else "--dry-run" if dry_run else "--as"
        raise InputError(f"--plan makes a receipt, {other} is another thing", "", "say one of them")
    if dry_run and as_:
        raise InputError("--dry-run and --as are two things", "", "say one of them")
    if not (plan or receipt or dry_run or as_):
        raise InputError(
            "nothing is written to a database without a receipt",
            "",
            "make one with --plan FILE, then run it with --receipt FILE",
        )


def _statement(
    statement: str | None, table: str | None, set_: str | None, where: str | None
) -> str:
    parts = {"--table": table, "--set": set_, "--where": where}
    given = [name for name, value in parts.items() if value is not None]
    if statement is not None and given:
        raise InputError(
            f"the statement is given, and {given[0]} too", "", "give the statement or its parts"
        )
    if not given:
        return statement or ""
    if table is None or set_ is None:
        missing = "--table" if table is None else "--set"
        raise InputError(f"{missing} is missing", given[0], "give --table and --set, and --where")
    return composed(table, set_, where)


def _refuse_other_statement(text: str, held: BackfillReceipt | None) -> None:
    if held is None and not text.strip():
        raise InputError("there is no statement", "", "give an UPDATE, or --table and --set")
    if held is not None and text and one_line(text) != held.plan.text:
        raise InputError(
            "the receipt is for another statement", held.plan.text, "make a new one with --plan"
        )


def _state_table(given: str | None, held: BackfillReceipt | None) -> str:
    """Return the state table's name; a receipt's job keeps the one that it was planned with."""
    if given is not None:
        refuse_odd_name(given)
    if held is not None and given not in (None, held.plan.state_table):
        raise InputError(
            f"the receipt was made for the state table {held.plan.state_table}",
            str(given),
            "leave --state-table out, or make a new receipt",
        )
    return held.plan.state_table if held else given or STATE_TABLE


def _plan(asked: Asked, path: Path, tell: Told) -> BackfillReport:
    refuse_unusable(path)
    if asked.database is None:
        raise InputError(
            "a receipt holds the table's schema as the database has it", "", "give --database URL"
        )
    if path.is_file():
        refuse_lost_receipt(asked.database, read_receipt(path), path)
    planned = make_plan(asked, tell)
    write_receipt(planned.receipt, path)
    return BackfillReport("plan", planned.receipt, estimate=planned.estimate, notes=planned.notes)


def _prepare(
    asked: Asked, held: BackfillReceipt | None, as_: Form | None, tell: Told
) -> BackfillReport:
    """Say what a job takes, or write it as a program; a receipt that is given is kept."""
    if held is not None and as_:
        return BackfillReport("render", held, text=_rendered(held, as_))
    planned = make_plan(asked, tell)
    receipt = held or planned.receipt
    if as_:
        text = _rendered(receipt, as_)
        return BackfillReport("render", receipt, text=text, notes=planned.notes)
    return BackfillReport("dry run", receipt, estimate=planned.estimate, notes=planned.notes)


def _rendered(receipt: BackfillReceipt, as_: Form) -> str:
    render = as_sql.render if as_ == "sql" else as_sqlalchemy.render
    return render(receipt)


def _given_role(role: str | None) -> str:
    if not role:
        raise InputError(
            "no role is named", "--role", "name the role whose rights the job is to have"
        )
    return role


def _run(
    asked: Asked,
    held: BackfillReceipt | None,
    role: str,
    superuser: bool,
    tell: Told,
) -> BackfillReport:
    assert held is not None
    if asked.database is None:
        raise InputError("no database is named", "--database", "give the URL of the target")
    with shown_variables():
        access = Access(asked.database, role, superuser, held.plan.settings, asked.limits)
        runner = Runner(access, held, tell)
        state = runner.run()
    return BackfillReport("run", held, state, _proofs(held, state), notes=_notes(runner))


def _notes(runner: Runner) -> tuple[str, ...]:
    if not runner.unseen_standbys:
        return ()
    return (
        f"the lag of {plural(runner.unseen_standbys, 'standby')} was not seen;"
        " GRANT pg_read_all_stats to the role",
    )


def _proofs(receipt: BackfillReceipt, state: BackfillState) -> tuple[Proof, ...]:
    """Say what is known of the rows at the end of a run."""
    upper = ", ".join(state.upper_key or ()) or "none"
    gone_over = Proof(
        f"each row up to key {upper} was gone over once in the first pass",
        "proven",
        f"{state.keys} keys in {state.batches} batches, each committed with its place",
    )
    claim = "no row up to that key matched when it was last looked at"
    if receipt.plan.excludes == "proven":
        basis = f"pass {state.passes} looked at each and changed none"
        return gone_over, Proof(claim, "proven", basis)
    if receipt.plan.excludes == "tested" and state.pass_rows:
        basis = f"{state.pass_rows} rows match: they matched again, or appeared meanwhile"
        return gone_over, Proof(claim, "refuted", basis)
    if receipt.plan.excludes == "tested":
        return gone_over, Proof(claim, "proven", f"pass {state.passes} counted them")
    return (gone_over,)
