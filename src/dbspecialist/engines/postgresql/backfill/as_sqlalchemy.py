"""A backfill as a Python program that needs SQLAlchemy alone.

It keeps to the same state table and the same rules as the runner, so that either can go on where
the other has stopped.
"""

from __future__ import annotations

import re
from pathlib import Path

from dbspecialist.engines.postgresql.backfill import statements
from dbspecialist.engines.postgresql.backfill.state import definition
from dbspecialist.engines.postgresql.backfill.table import FINGERPRINT, STAMP
from dbspecialist.facts.backfill import BackfillPlan, BackfillReceipt
from dbspecialist.facts.errors import InputError

TEMPLATE = Path(__file__).with_name("sqlalchemy_program.txt")
HEAD = '''"""Job {job}, in batches by primary key:

    {statement}

A run that was ended is resumed by running it again. Each row that is there at the first start is
gone over once, up to the last key there is then.

    DATABASE_URL=postgresql+psycopg://USER@HOST/DATABASE python FILE
"""
'''


def render(receipt: BackfillReceipt) -> str:
    """Write the program.

    Args:
        receipt: What is done; an empty shape leaves the comparison of the schema out.

    Raises:
        InputError: Where the statement holds what `sqlalchemy.text` takes for its own.
    """
    plan = receipt.plan
    if "\\:" in plan.statement:
        raise InputError(
            "the statement holds \\:, which sqlalchemy.text reads as an escape",
            "",
            "take --as sql",
        )
    values = {**_values(receipt), **_of_state(plan), **_of_target(plan)}
    constants = "".join(f"{name} = {_written(value)}\n" for name, value in values.items())
    statement = plan.statement.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\n    ")
    head = HEAD.replace("{job}", receipt.job).replace("{statement}", statement)
    return head + TEMPLATE.read_text(encoding="utf-8").replace("# CONSTANTS\n", constants)


def _written(value: object) -> str:
    """Write a constant; SQL of several lines over several lines."""
    if isinstance(value, str) and "\n" in value and '"' not in value and "\\" not in value:
        return f'"""\n{value.strip()}\n"""'
    return repr(value)


def _values(receipt: BackfillReceipt) -> dict[str, object]:
    plan = receipt.plan
    return {
        "JOB": receipt.job,
        "RELATION": plan.relation,
        "STATEMENT": plan.statement,
        "PLAN_HASH": receipt.plan_hash,
        "FINGERPRINT": receipt.fingerprint if plan.shape else "",
        "STATE_TABLE": plan.state_table,
        "CALLS": list(plan.calls),
        "EXCLUDES": plan.excludes,
        "SETTINGS": dict(plan.settings),
    }


def _of_state(plan: BackfillPlan) -> dict[str, object]:
    source, table = _own(statements.source(plan)), _own(plan.state_table)
    key, order = (
        _own(text) for text in (statements.key_texts(plan), statements.key_order(plan, "DESC"))
    )
    return {
        "MAKE_STATE": _own(definition(table)),
        "ENTER": f"""
INSERT INTO {table} (job, relation, statement, plan_hash, fingerprint, upper_key, estimate)
VALUES (:job, :relation, :statement, :plan_hash, :fingerprint,
  (SELECT ARRAY[{key}] FROM {source} ORDER BY {order} LIMIT 1),
  (SELECT greatest(reltuples, 0)::bigint FROM pg_class
    WHERE oid = CAST(:relation AS text)::regclass))
ON CONFLICT (job) DO NOTHING""",
        "TAKE_OVER": f"UPDATE {table} SET fence = fence + 1, updated_at = clock_timestamp()"
        " WHERE job = :job RETURNING fence",
        "LOCK": f"SELECT * FROM {table} WHERE job = :job AND fence = :fence FOR UPDATE",
        "ADVANCE": f"""
UPDATE {table} SET last_key = CAST(:last AS text[]), passes = :passes,
  batches = batches + :batches, keys = keys + :keys, rows = rows + :rows,
  pass_rows = :pass_rows, updated_at = clock_timestamp(),
  finished_at = CASE WHEN :done THEN clock_timestamp() END
WHERE job = :job""",
    }


def _of_target(plan: BackfillPlan) -> dict[str, object]:
    source = _own(statements.source(plan))
    key, order = (_own(text) for text in (statements.key_texts(plan), statements.key_order(plan)))
    until = (
        f"(CAST(:after AS text[]) IS NULL OR {_compared(plan, '>', 'after')})\n"
        f"  AND {_compared(plan, '<=', 'upper')}"
    )
    condition = f"\n  AND ({_own(plan.condition)})" if plan.condition else ""
    shaped = {
        name: query.replace("$1::bigint", "CAST(:relation AS text)::regclass::oid::bigint").replace(
            "$2::text[]", "CAST(:calls AS text[])"
        )
        for name, query in (("SHAPE", FINGERPRINT), ("STAMP", STAMP))
    }
    return {
        "BOUND": f"SELECT ARRAY[{key}] FROM {source}\nWHERE {until}\n"
        f"ORDER BY {order} OFFSET :skip LIMIT 1",
        "COUNT_KEYS": f"SELECT count(*) FROM {source}\nWHERE {until}",
        "COUNT_MATCHING": f"SELECT count(*) FROM {source}\nWHERE {until}{condition}",
        "UPDATE": f"UPDATE {source} SET {_own(plan.assignments)}\nWHERE {until}{condition}",
        **{name: _own_queries(query) for name, query in shaped.items()},
    }


def _compared(plan: BackfillPlan, operator: str, name: str) -> str:
    columns = [_own(f"{plan.alias}.{item.name}") for item in plan.key]
    given = [f"(CAST(:{name} AS text[]))[{n}]::{item.type}" for n, item in enumerate(plan.key, 1)]
    if len(columns) == 1:
        return f"{columns[0]} {operator} {given[0]}"
    return f"({', '.join(columns)}) {operator} ({', '.join(given)})"


def _own(sql: str) -> str:
    """Escape the colons that `sqlalchemy.text` would take for parameters."""
    return re.sub(r"(?<![:\w\\]):(?=\w)", r"\\:", sql)


def _own_queries(sql: str) -> str:
    """Escape the colons of our own queries, but those of the two parameters."""
    return _own(sql).replace("\\:relation AS", ":relation AS").replace("\\:calls AS", ":calls AS")
