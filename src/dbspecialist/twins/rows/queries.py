"""The catalogue queries behind `read_structure` (PostgreSQL manual, "System Catalogs").

A twin's own catalogues were never analysed: each query starts from an array of oids, and what
belongs together is joined in `reading`, so that no plan hangs on the planner's guess.
"""

from __future__ import annotations

from dbspecialist.engines.postgresql.catalogue.reader import HIDDEN

TABLES = f"""
    SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname), c.relname, c.relkind::text,
           CASE WHEN c.relispartition THEN (
               SELECT pg_catalog.array_agg(a.relid::pg_catalog.oid ORDER BY a.level)
               FROM (SELECT relid, pg_catalog.row_number() OVER () AS level
                     FROM pg_catalog.pg_partition_ancestors(c.oid)) a
               WHERE a.relid <> c.oid) END,
           CASE WHEN c.relispartition
                THEN pg_catalog.pg_get_partition_constraintdef(c.oid) END
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
      AND n.nspname !~ '{HIDDEN}'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                        AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e')
    ORDER BY n.nspname, c.relname
"""

COLUMNS = """
    SELECT a.attrelid, a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
           a.atttypid, a.attnotnull,
           CASE WHEN a.attgenerated <> ''
                THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END,
           a.attidentity <> '', pg_catalog.quote_ident(a.attname)
    FROM pg_catalog.pg_attribute a
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = ANY (%s) AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attrelid, a.attnum
"""

#: Sequences behind identity columns, and those that defaults draw from.
SEQUENCES = """
    SELECT found.relation, found.number, pg_catalog.format('%%I.%%I', n.nspname, c.relname)
    FROM (SELECT p.refobjid AS relation, p.refobjsubid AS number, p.objid AS sequence
          FROM pg_catalog.pg_depend p
          WHERE p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
            AND p.refobjid = ANY (%s) AND p.refobjsubid > 0 AND p.deptype = 'i'
            AND p.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
          UNION ALL
          SELECT d.adrelid, d.adnum, p.refobjid
          FROM pg_catalog.pg_attrdef d
          JOIN pg_catalog.pg_depend p ON p.objid = d.oid
            AND p.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
            AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
          WHERE d.adrelid = ANY (%s)) found
    JOIN pg_catalog.pg_class c ON c.oid = found.sequence AND c.relkind = 'S'
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
"""

CHECKS = """
    SELECT conrelid, conname, pg_catalog.pg_get_expr(conbin, conrelid), conkey
    FROM pg_catalog.pg_constraint
    WHERE contype = 'c' AND conrelid = ANY (%s)
    ORDER BY conrelid, conname
"""

KEYS = """
    SELECT i.indrelid, c.relname,
           ARRAY(SELECT k FROM pg_catalog.unnest(i.indkey[0:i.indnkeyatts - 1]) k),
           CASE WHEN x.conexclop IS NOT NULL
                THEN ARRAY(SELECT pg_catalog.format('OPERATOR(%%I.%%s)', n.nspname, o.oprname)
                           FROM pg_catalog.unnest(x.conexclop) WITH ORDINALITY u(op, ord)
                           JOIN pg_catalog.pg_operator o ON o.oid = u.op
                           JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
                           ORDER BY u.ord) END,
           NOT i.indimmediate, pg_catalog.pg_get_expr(i.indpred, i.indrelid),
           i.indnullsnotdistinct,
           ARRAY(SELECT DISTINCT d.refobjsubid FROM pg_catalog.pg_depend d
                 WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                   AND d.objid = i.indexrelid
                   AND d.refobjid = i.indrelid AND d.refobjsubid > 0)
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    LEFT JOIN pg_catalog.pg_constraint x ON x.conindid = i.indexrelid AND x.contype = 'x'
    WHERE (i.indisunique OR i.indisexclusion) AND i.indrelid = ANY (%s)
    ORDER BY i.indrelid, i.indisprimary DESC, c.relname
"""

FOREIGN_KEYS = """
    SELECT conrelid, conname, conkey, confrelid, confkey, confmatchtype::text
    FROM pg_catalog.pg_constraint k
    WHERE contype = 'f' AND conrelid = ANY (%s)
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint p
                      WHERE p.oid = k.conparentid AND p.conrelid = k.conrelid)
    ORDER BY conrelid, conname
"""

#: The types of columns, and those that they are made of, found by walking down from them.
TYPES = """
    WITH RECURSIVE used(oid) AS (
        SELECT DISTINCT a.atttypid FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = ANY (%s) AND a.attnum > 0 AND NOT a.attisdropped
        UNION
        SELECT next.oid FROM used JOIN pg_catalog.pg_type t ON t.oid = used.oid
        CROSS JOIN LATERAL (
            SELECT t.typelem AS oid WHERE t.typcategory = 'A'
            UNION ALL SELECT t.typbasetype WHERE t.typtype = 'd'
            UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid
            UNION ALL SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE r.rngmultitypid = t.oid
            UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
                      WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0
                        AND NOT a.attisdropped) next
    )
    SELECT t.oid, pg_catalog.format_type(t.oid, NULL), t.typtype::text, t.typname,
           CASE WHEN t.typtype = 'e' THEN ARRAY(
               SELECT enumlabel::pg_catalog.text FROM pg_catalog.pg_enum
               WHERE enumtypid = t.oid ORDER BY enumsortorder) END,
           COALESCE(CASE WHEN t.typcategory = 'A' THEN NULLIF(t.typelem, 0)
                         WHEN t.typtype = 'd' THEN t.typbasetype END,
                    (SELECT rngsubtype FROM pg_catalog.pg_range WHERE rngtypid = t.oid),
                    (SELECT rngtypid FROM pg_catalog.pg_range WHERE rngmultitypid = t.oid)),
           t.typcategory = 'A',
           CASE WHEN t.typtype = 'd'
                THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END,
           t.typnotnull, NULLIF(t.typrelid, 0)
    FROM pg_catalog.pg_type t JOIN used ON used.oid = t.oid
"""

ATTRIBUTES = """
    SELECT a.attrelid, a.attname, a.atttypid, pg_catalog.format_type(a.atttypid, a.atttypmod)
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    WHERE c.relkind = 'c' AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attrelid, a.attnum
"""

DOMAINS = """
    SELECT contypid, pg_catalog.pg_get_expr(conbin, 0)
    FROM pg_catalog.pg_constraint WHERE contype = 'c' AND contypid <> 0
    ORDER BY contypid, conname
"""

#: Those that are asked for the tables' oids, once for each `%s`.
OF_TABLES = {
    "columns": COLUMNS,
    "sequences": SEQUENCES,
    "checks": CHECKS,
    "keys": KEYS,
    "foreign_keys": FOREIGN_KEYS,
    "types": TYPES,
}
OF_ALL = {"tables": TABLES, "attributes": ATTRIBUTES, "domains": DOMAINS}
