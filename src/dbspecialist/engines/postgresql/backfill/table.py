"""The table of a backfill: its primary key, and its shape, by which it is known again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from dbspecialist.facts.backfill import KeyColumn
from dbspecialist.facts.errors import InputError

Connection = psycopg.Connection[Any]

_KINDS = {
    "v": "is a view",
    "m": "is a materialized view",
    "f": "is a foreign table",
    "i": "is an index",
    "S": "is a sequence",
    "c": "is a composite type",
}


@dataclass(frozen=True)
class Target:
    """A table that a backfill can go over.

    Args:
        oid: Its object id.
        relation: Schema-qualified, quoted.
        key: The columns of its primary key, in the key's order.
        tuples: Its rows, as the planner knows them; below 0 where nobody has counted.
        triggers: Triggers that fire for each updated row, or for the statement.
        generated: Generated columns, quoted.
    """

    oid: int
    relation: str
    key: tuple[KeyColumn, ...]
    tuples: float
    triggers: tuple[str, ...] = ()
    generated: tuple[str, ...] = ()


_TABLE = """
SELECT c.oid::bigint, quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relkind::text,
       c.relhassubclass AND c.relkind = 'r' AND
         EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid),
       CASE WHEN c.relkind = 'p' THEN
         (SELECT sum(greatest(leaf.reltuples, 0)) FROM pg_partition_tree(c.oid) t
            JOIN pg_class leaf ON leaf.oid = t.relid WHERE t.isleaf)
         ELSE c.reltuples END::float8,
       ARRAY(SELECT quote_ident(t.tgname) FROM pg_trigger t
              WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
                AND t.tgtype & 16 <> 0 ORDER BY 1),
       ARRAY(SELECT quote_ident(a.attname) FROM pg_attribute a
              WHERE a.attrelid = c.oid AND a.attgenerated <> '' AND NOT a.attisdropped ORDER BY 1)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.oid = $1::regclass
"""

#: A key whose index is no plain B-tree has no order to walk in (WITHOUT OVERLAPS of 18 is GiST).
_KEY = """
SELECT quote_ident(a.attname), format_type(a.atttypid, -1), am.amname
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am am ON am.oid = c.relam
  CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
 WHERE i.indrelid = $1::bigint::oid AND i.indisprimary AND i.indisvalid
   AND k.place <= i.indnkeyatts
 ORDER BY k.place
"""

#: Names are qualified by an empty search_path. NOT NULL constraints (18) stand with the columns;
#: a constraint that is validated meanwhile is the same constraint.
_SHAPE = """
SELECT line FROM (
  SELECT format('table: %s, %s', c.relkind, concat_ws(', ',
           CASE WHEN c.relrowsecurity THEN 'row security' END,
           CASE WHEN c.relforcerowsecurity THEN 'forced row security' END,
           'partitioned by ' || pg_get_partkeydef(c.oid))) AS line
    FROM pg_class c WHERE c.oid = t.oid
  UNION ALL
  SELECT concat_ws(' ', format('column %I:', a.attname), format_type(a.atttypid, a.atttypmod),
           CASE WHEN a.attnotnull THEN 'not null' END,
           'collation ' || nullif(a.attcollation, 0)::regcollation::text,
           CASE WHEN a.attidentity <> '' THEN 'identity ' || a.attidentity::text END,
           CASE WHEN a.attgenerated <> '' THEN 'generated' END,
           'default ' || pg_get_expr(d.adbin, d.adrelid))
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT format('constraint %I: %s', k.conname,
           regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', ''))
    FROM pg_constraint k WHERE k.conrelid = t.oid AND k.contype IN ('c', 'f', 'p', 'u', 'x')
  UNION ALL
  SELECT format('trigger %I: %s, %s, %s', g.tgname, g.tgenabled, pg_get_triggerdef(g.oid),
           md5(p.prosrc))
    FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid
   WHERE g.tgrelid = t.oid AND NOT g.tgisinternal
  UNION ALL
  SELECT format('rule %I: %s', r.rulename, pg_get_ruledef(r.oid))
    FROM pg_rewrite r WHERE r.ev_class = t.oid
  UNION ALL
  SELECT format('policy %I: %s %s %s', p.polname, p.polcmd, pg_get_expr(p.polqual, p.polrelid),
           pg_get_expr(p.polwithcheck, p.polrelid))
    FROM pg_policy p WHERE p.polrelid = t.oid
  UNION ALL
  SELECT format('function %s: %s', f.name,
           coalesce((SELECT md5(pg_get_functiondef(p.oid)) FROM pg_proc p
                      WHERE p.oid = to_regprocedure(f.name) AND p.prokind IN ('f', 'p')), 'gone'))
    FROM unnest($2::text[]) AS f (name)
) AS lines
"""
_TARGET = "(SELECT $1::bigint::oid AS oid) t"
SHAPE_LINES = f'SELECT line FROM {_TARGET}, LATERAL ({_SHAPE}) s ORDER BY line COLLATE "C"'
#: The same as one value, as `fingerprint` has it.
FINGERPRINT = f"""SELECT encode(sha256(convert_to(
  string_agg(line, E'\\n' ORDER BY line COLLATE "C"), 'UTF8')), 'hex')
  FROM {_TARGET}, LATERAL ({_SHAPE}) s"""

#: Changes with every change of what the shape is read from; needs no search_path, and is read
#: within each batch.
_STAMP_LINES = """
SELECT md5(coalesce(string_agg(line, ',' ORDER BY line), '')) FROM (
  SELECT 'a' || attnum || ':' || xmin AS line FROM pg_attribute
   WHERE attrelid = t.oid AND attnum > 0
  UNION ALL SELECT 'd' || oid || ':' || xmin FROM pg_attrdef WHERE adrelid = t.oid
  UNION ALL SELECT 'k' || oid || ':' || xmin FROM pg_constraint WHERE conrelid = t.oid
  UNION ALL SELECT 'r' || oid || ':' || xmin FROM pg_rewrite WHERE ev_class = t.oid
  UNION ALL SELECT 'p' || oid || ':' || xmin FROM pg_policy WHERE polrelid = t.oid
  UNION ALL SELECT 'g' || g.oid || ':' || g.xmin || ':' || f.xmin
    FROM pg_trigger g JOIN pg_proc f ON f.oid = g.tgfoid
   WHERE g.tgrelid = t.oid AND NOT g.tgisinternal
  UNION ALL SELECT 'c' || c.relkind::text || c.relrowsecurity FROM pg_class c WHERE c.oid = t.oid
  UNION ALL SELECT 'f' || f.oid || ':' || f.xmin FROM pg_proc f
   WHERE f.oid = ANY (ARRAY(SELECT to_regprocedure(name)::oid FROM unnest($2::text[]) name))
) lines
"""
STAMP = f"SELECT s.md5 FROM {_TARGET}, LATERAL ({_STAMP_LINES}) s"


def raw(connection: Connection) -> psycopg.RawCursor[Any]:
    """Return a cursor that takes `$1` for parameters, so that `%` in a statement is a sign."""
    return psycopg.RawCursor(connection)


def read_target(connection: Connection, relation: str) -> Target:
    """Read a table and its primary key; `relation` is quoted where it must be.

    Raises:
        InputError: Where it cannot be gone over by its key.
    """
    found = raw(connection).execute(_TABLE, [relation]).fetchone()
    assert found is not None
    oid, name, kind, has_children, tuples, triggers, generated = found
    if kind not in ("r", "p"):
        what = _KINDS.get(kind, "is no table")
        raise InputError(what, name, "name the table that holds the rows")
    if has_children:
        raise InputError(
            "other tables inherit from it, and its primary key does not hold for their rows",
            name,
            "run one backfill for each of them, written as UPDATE ONLY",
        )
    key = raw(connection).execute(_KEY, [oid]).fetchall()
    if not key:
        raise InputError(
            "the table has no primary key, so its rows cannot be taken in batches by key",
            name,
            "add one, or update it by hand",
        )
    if key[0][2] != "btree":
        raise InputError(
            f"the primary key is a {key[0][2]} index, which has no order",
            name,
            "update the table by hand",
        )
    columns = tuple(KeyColumn(column, type_) for column, type_, _ in key)
    return Target(oid, name, columns, float(tuples or 0), tuple(triggers), tuple(generated))


def read_shape(connection: Connection, target: Target, calls: Sequence[str]) -> tuple[str, ...]:
    """Describe a table: columns, constraints, triggers, rules, policies, functions called.

    The connection's search_path must be empty. Indexes, privileges and partitions are left out:
    they may come and go while a job runs.
    """
    rows = raw(connection).execute(SHAPE_LINES, [target.oid, list(calls)]).fetchall()
    return tuple(row[0] for row in rows)


def fingerprint(shape: Sequence[str]) -> str:
    """Return the SHA-256 of a table's shape."""
    return hashlib.sha256("\n".join(shape).encode()).hexdigest()


def refuse_other_shape(relation: str, planned: Sequence[str], found: Sequence[str]) -> None:
    """Refuse a table that is not as the plan knew it.

    Raises:
        InputError: With the first line that differs.
    """
    if tuple(planned) == tuple(found):
        return
    new = [line for line in found if line not in planned]
    gone = [line for line in planned if line not in found]
    change = f"now {new[0]!r}" if new else f"gone is {gone[0]!r}"
    raise InputError(
        f"the schema has moved on since the plan was made ({change})",
        relation,
        "make a new plan with --plan",
    )


def read_stamp(connection: Connection, oid: int, calls: Sequence[str]) -> str:
    """Return a value that changes whenever the table's shape may have changed."""
    row = raw(connection).execute(STAMP, [oid, list(calls)]).fetchone()
    assert row is not None
    return str(row[0])
