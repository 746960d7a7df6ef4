-- A number for each relation, over the versions of all rows that are its own; one, under 0, for
-- what text about any relation may name; and one, under 1, for the families that few migrations
-- touch. A row type or an array is named by its relation or element.
SELECT relation::bigint, bit_xor(version)
FROM (
    SELECT coalesce(i.indrelid, r.oid) AS relation,
           hash_record_extended(row(r.tableoid, r.xmin, r.ctid), 0) AS version
    FROM pg_class r LEFT JOIN pg_index i ON i.indexrelid = r.oid
    WHERE r.oid >= 16384 AND r.relkind <> 't'
    UNION ALL
    SELECT coalesce(i.indrelid, r.attrelid),
           hash_record_extended(row(r.tableoid, r.xmin, r.ctid), 0)
    FROM pg_attribute r LEFT JOIN pg_index i ON i.indexrelid = r.attrelid
    WHERE r.attrelid >= 16384 AND r.attnum > 0
    UNION ALL
    SELECT r.indrelid, hash_record_extended(row(r.tableoid, r.xmin, r.ctid), 0)
    FROM pg_index r WHERE r.indexrelid >= 16384
    UNION ALL
    SELECT r.adrelid, hash_record_extended(row(r.tableoid, r.xmin, r.ctid), 0)
    FROM pg_attrdef r
    UNION ALL
    SELECT greatest(r.conrelid, r.contypid),
           hash_record_extended(row(r.tableoid, r.xmin, r.ctid), 0)
    FROM pg_constraint r WHERE r.oid >= 16384
    UNION ALL
    SELECT 0, hash_record_extended(row(r.tableoid, r.xmin, r.ctid), 0) FROM (
        SELECT tableoid, xmin, ctid FROM pg_namespace
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_type
                   WHERE oid >= 16384 AND typrelid = 0 AND typelem = 0
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_class WHERE oid >= 16384 AND relkind = 'c'
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_enum
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_proc WHERE oid >= 16384
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_operator WHERE oid >= 16384
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_opclass WHERE oid >= 16384
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_opfamily WHERE oid >= 16384
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_am WHERE oid >= 16384
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_collation WHERE oid >= 16384
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_ts_config WHERE oid >= 16384
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_ts_dict WHERE oid >= 16384
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_extension
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_language
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_tablespace
    ) AS r
    UNION ALL
    SELECT 0, hash_record_extended(row(r.oid, r.rolname), 0) FROM pg_roles r
    UNION ALL
    SELECT 1, hash_record_extended(row(r.tableoid, r.xmin, r.ctid), 0) FROM (
        SELECT tableoid, xmin, ctid FROM pg_depend
                   WHERE refclassid = 3079 AND refobjid >= 16384 AND deptype = 'e'
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_inherits
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_description
                   WHERE objoid >= 16384 OR objoid = 2200 AND classoid = 2615
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_default_acl
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_trigger
                   WHERE NOT tgisinternal OR tgparentid <> 0
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_rewrite WHERE oid >= 16384
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_aggregate WHERE aggfnoid >= 16384
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_statistic_ext
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_policy
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_event_trigger
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_foreign_data_wrapper
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_foreign_server
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_publication
        UNION ALL SELECT tableoid, xmin, ctid FROM pg_cast WHERE oid >= 16384
    ) AS r
) AS every
GROUP BY relation
