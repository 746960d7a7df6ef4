"""A backfill as a plain SQL script: a procedure with a COMMIT after each batch, and its call.

It keeps to the same state table and the same rules as the runner, so that either can go on where
the other has stopped.
"""

from __future__ import annotations

from dbspecialist.engines.postgresql.backfill import statements
from dbspecialist.engines.postgresql.backfill.state import definition
from dbspecialist.engines.postgresql.backfill.table import FINGERPRINT, STAMP
from dbspecialist.facts.backfill import BackfillPlan, BackfillReceipt


def render(receipt: BackfillReceipt) -> str:
    """Write the script.

    Args:
        receipt: What is done; an empty shape leaves the comparison of the schema out.
    """
    plan, table = receipt.plan, receipt.plan.state_table
    schema = table.rpartition(".")[0] or "public"
    name = f"{schema}.dbs_backfill_{receipt.job}"
    body = _body(receipt, table)
    tag = _tag(body)
    return f"""{_head(receipt)}
{definition(table)};

CREATE OR REPLACE PROCEDURE {name}(
    batch_rows integer DEFAULT 1000, pause_seconds double precision DEFAULT 0.1)
LANGUAGE plpgsql AS {tag}
{body}{tag};

{_settings(plan)}CALL {name}();

DROP PROCEDURE {name}(integer, double precision);
"""


def _head(receipt: BackfillReceipt) -> str:
    statement = receipt.plan.statement.replace("\n", "\n--     ")
    return f"""\
-- Job {receipt.job}, in batches by primary key:
--
--     {statement}
--
-- Run it with psql -f, outside of a transaction: each batch commits. A run that was ended is
-- resumed by running it again. Each row that is there at the first start is gone over once, up to
-- the last key there is then."""


def _settings(plan: BackfillPlan) -> str:
    return "".join(
        f"SET {name} = {_literal(value)};\n" for name, value in sorted(plan.settings.items())
    )


def _body(receipt: BackfillReceipt, table: str) -> str:
    plan, job = receipt.plan, _literal(receipt.job)
    return f"""\
#variable_conflict use_column
DECLARE
    v_fence bigint;
    v_stamp text;
    v_state {table}%ROWTYPE;
    v_bound text[];
    v_keys bigint;
    v_changed bigint;
    v_refusals integer := 0;
    v_rows integer := greatest(batch_rows, 1);
BEGIN
    IF NOT pg_try_advisory_lock(hashtextextended('dbspecialist backfill ' || {job}, 0)) THEN
        RAISE EXCEPTION 'another copy carries job % out', {job};
    END IF;
    PERFORM set_config('row_security', 'off', false),
            set_config('plan_cache_mode', 'force_custom_plan', false),
            set_config('lock_timeout', '200ms', false),
            set_config('default_transaction_isolation', 'read committed', false);
    v_stamp := ({_stamp(plan)});
{_shape_check(receipt)}
    INSERT INTO {table}
        (job, relation, statement, plan_hash, fingerprint, upper_key, estimate)
    VALUES ({job}, {_literal(plan.relation)}, {_literal(plan.statement)},
        {_literal(receipt.plan_hash)}, {_literal(receipt.fingerprint)},
        (SELECT ARRAY[{statements.key_texts(plan)}] FROM {statements.source(plan)}
          ORDER BY {statements.key_order(plan, "DESC")} LIMIT 1),
        (SELECT greatest(reltuples, 0)::bigint FROM pg_class
          WHERE oid = {_literal(plan.relation)}::regclass))
    ON CONFLICT (job) DO NOTHING;
    UPDATE {table} SET fence = fence + 1, updated_at = clock_timestamp()
     WHERE job = {job} RETURNING fence INTO v_fence;
    COMMIT;
    LOOP
        BEGIN
            SELECT * INTO v_state FROM {table}
             WHERE job = {job} AND fence = v_fence FOR UPDATE;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'another copy has taken job % over', {job};
            END IF;
            EXIT WHEN v_state.finished_at IS NOT NULL;
            IF v_state.upper_key IS NULL OR v_state.last_key = v_state.upper_key THEN
{_end_of_pass(plan, table, job)}
            ELSE
                v_bound := coalesce(
                    (SELECT ARRAY[{statements.key_texts(plan)}] FROM {statements.source(plan)}
                      WHERE {_between(plan, "v_state.upper_key")}
                      ORDER BY {statements.key_order(plan)} OFFSET v_rows - 1 LIMIT 1),
                    v_state.upper_key);
                SELECT count(*) INTO v_keys FROM {statements.source(plan)}
                 WHERE {_between(plan, "v_bound")};
{_change(plan)}
                UPDATE {table} SET last_key = v_bound, batches = batches + 1,
                       keys = keys + CASE WHEN passes = 1 THEN v_keys ELSE 0 END,
                       rows = rows + {_counted_as_changed(plan)},
                       pass_rows = pass_rows + v_changed, updated_at = clock_timestamp()
                 WHERE job = {job};
            END IF;
            IF v_stamp <> ({_stamp(plan)}) THEN
                RAISE EXCEPTION 'the schema of % has moved on', {_literal(plan.relation)};
            END IF;
            v_refusals := 0;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            v_refusals := v_refusals + 1;
            v_rows := greatest(v_rows / 2, 1);
        END;
        COMMIT;
        PERFORM pg_sleep(CASE WHEN v_refusals = 0 THEN pause_seconds
            ELSE least(10, 0.05 * 2 ^ least(v_refusals, 20)) * (0.5 + random() / 2) END);
    END LOOP;
    COMMIT;
    PERFORM pg_advisory_unlock(hashtextextended('dbspecialist backfill ' || {job}, 0));
    RAISE NOTICE 'job % is done: % rows changed in % batches',
        {job}, v_state.rows, v_state.batches;
END
"""


def _shape_check(receipt: BackfillReceipt) -> str:
    """Compare the schema with the receipt's, where that was made of a database."""
    plan = receipt.plan
    if not plan.shape:
        return "    -- no database was read for this script, so the schema is not compared"
    return f"""\
    PERFORM set_config('search_path', '', true);
    IF ({_filled(FINGERPRINT, plan)}) <> {_literal(receipt.fingerprint)} THEN
        RAISE EXCEPTION 'the schema of % has moved on since the plan was made',
            {_literal(plan.relation)};
    END IF;
    COMMIT;"""


def _stamp(plan: BackfillPlan) -> str:
    return _filled(STAMP, plan)


def _filled(query: str, plan: BackfillPlan) -> str:
    calls = ", ".join(_literal(name) for name in plan.calls)
    oid = f"{_literal(plan.relation)}::regclass::oid::bigint"
    return query.replace("$1::bigint", oid).replace("$2::text[]", f"ARRAY[{calls}]::text[]")


def _between(plan: BackfillPlan, upper: str) -> str:
    after = _compared(plan, ">", "v_state.last_key")
    return f"(v_state.last_key IS NULL OR {after}) AND {_compared(plan, '<=', upper)}"


def _compared(plan: BackfillPlan, operator: str, variable: str) -> str:
    columns = [f"{plan.alias}.{item.name}" for item in plan.key]
    given = [f"{variable}[{n}]::{item.type}" for n, item in enumerate(plan.key, 1)]
    if len(columns) == 1:
        return f"{columns[0]} {operator} {given[0]}"
    return f"({', '.join(columns)}) {operator} ({', '.join(given)})"


def _change(plan: BackfillPlan) -> str:
    condition = f"\n                   AND ({plan.condition})" if plan.condition else ""
    update = f"""\
                UPDATE {statements.source(plan)} SET {plan.assignments}
                 WHERE {_between(plan, "v_bound")}{condition};
                GET DIAGNOSTICS v_changed = ROW_COUNT;"""
    if plan.excludes != "tested":
        return update
    return f"""\
                IF v_state.passes > 1 THEN -- only counted: a second time is not proven safe
                SELECT count(*) INTO v_changed FROM {statements.source(plan)}
                 WHERE {_between(plan, "v_bound")}{condition};
                ELSE
{update}
                END IF;"""


def _counted_as_changed(plan: BackfillPlan) -> str:
    if plan.excludes == "tested":
        return "CASE WHEN passes = 1 THEN v_changed ELSE 0 END"
    return "v_changed"


def _end_of_pass(plan: BackfillPlan, table: str, job: str) -> str:
    last = {
        "proven": "v_state.passes > 1 AND v_state.pass_rows = 0",
        "tested": "v_state.passes > 1",
    }.get(plan.excludes, "true")
    return f"""\
                IF v_state.upper_key IS NULL OR {last} THEN
                    UPDATE {table} SET finished_at = clock_timestamp() WHERE job = {job};
                ELSE
                    UPDATE {table} SET passes = passes + 1, pass_rows = 0, last_key = NULL
                     WHERE job = {job};
                END IF;"""


def _literal(text: str) -> str:
    quoted = text.replace("'", "''")
    return f"'{quoted}'" if "\\" not in text else f"E'{quoted}'".replace("\\", "\\\\")


def _tag(body: str) -> str:
    """Return a dollar quote that the body does not hold."""
    number, tag = 0, "$backfill$"
    while tag in body:
        number += 1
        tag = f"$backfill{number}$"
    return tag
