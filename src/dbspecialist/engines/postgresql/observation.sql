-- Installed in a twin's database: event triggers note what DDL did, and dbs_twin.observe()
-- tells what the current transaction holds. Nothing of it ever reaches a user's database.
CREATE SCHEMA dbs_twin;

CREATE UNLOGGED TABLE dbs_twin.events (
    number bigint GENERATED ALWAYS AS IDENTITY,
    backend int NOT NULL DEFAULT pg_backend_pid(),
    event jsonb NOT NULL
);

-- Production's row counts. The engine resets pg_class when it builds an index over an empty
-- table or rewrites it; observe() puts the figures back.
CREATE UNLOGGED TABLE dbs_twin.sizes (relation oid PRIMARY KEY, tuples real NOT NULL);

CREATE FUNCTION dbs_twin.note_commands() RETURNS event_trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET auto_explain.log_min_duration = -1
AS $$
BEGIN
    INSERT INTO dbs_twin.events (event)
    SELECT jsonb_build_object('event', 'command', 'tag', command_tag, 'kind', object_type,
                              'name', object_identity, 'oid', objid::bigint)
    FROM pg_event_trigger_ddl_commands() WHERE NOT in_extension;
END $$;

CREATE FUNCTION dbs_twin.note_drops() RETURNS event_trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET auto_explain.log_min_duration = -1
AS $$
BEGIN
    INSERT INTO dbs_twin.events (event)
    SELECT jsonb_build_object('event', 'drop', 'tag', tg_tag, 'kind', object_type,
                              'name', object_identity, 'oid', objid::bigint,
                              'original', original, 'normal', normal)
    FROM pg_event_trigger_dropped_objects() WHERE NOT is_temporary;
END $$;

CREATE FUNCTION dbs_twin.note_rewrite() RETURNS event_trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET auto_explain.log_min_duration = -1
AS $$
BEGIN
    INSERT INTO dbs_twin.events (event)
    VALUES (jsonb_build_object('event', 'rewrite', 'oid', pg_event_trigger_table_rewrite_oid()::bigint,
                               'reason', pg_event_trigger_table_rewrite_reason()));
END $$;

CREATE FUNCTION dbs_twin.observe() RETURNS jsonb LANGUAGE plpgsql VOLATILE
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET auto_explain.log_min_duration = -1
SET lock_timeout = 0 SET statement_timeout = 0
AS $$
DECLARE
    noted jsonb;
BEGIN
    WITH taken AS (
        DELETE FROM dbs_twin.events WHERE backend = pg_backend_pid() RETURNING number, event
    )
    SELECT coalesce(jsonb_agg(event ORDER BY number), '[]') INTO noted FROM taken;
    UPDATE pg_class c SET reltuples = s.tuples, relpages = 1
    FROM dbs_twin.sizes s
    WHERE c.oid = s.relation AND (c.reltuples <> s.tuples OR c.relpages <> 1);
    RETURN jsonb_build_object(
        'events', noted,
        'locks', (
            SELECT coalesce(jsonb_agg(jsonb_build_array(
                l.relation::bigint, l.mode, c.relkind,
                quote_ident(n.nspname) || '.' || quote_ident(c.relname),
                c.relfilenode::bigint, i.indrelid::bigint, pg_relation_filepath(c.oid)
            )), '[]')
            FROM pg_locks l
            LEFT JOIN pg_class c ON c.oid = l.relation
            LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_index i ON i.indexrelid = l.relation
            WHERE l.locktype = 'relation' AND l.pid = pg_backend_pid() AND l.granted
              AND l.relation >= 16384 AND n.nspname IS DISTINCT FROM 'dbs_twin'
              AND n.nspname IS DISTINCT FROM 'pg_toast'
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        ),
        'scans', (
            SELECT coalesce(jsonb_object_agg(c.oid::bigint, pg_stat_get_xact_numscans(c.oid)), '{}')
            FROM pg_class c
            WHERE c.relkind IN ('r', 'm') AND c.oid >= 16384
              AND pg_stat_get_xact_numscans(c.oid) > 0
        ),
        'writes', (
            SELECT coalesce(jsonb_object_agg(w.oid::bigint, w.rows), '{}')
            FROM (
                SELECT c.oid, pg_stat_get_xact_tuples_inserted(c.oid)
                    + pg_stat_get_xact_tuples_updated(c.oid)
                    + pg_stat_get_xact_tuples_deleted(c.oid) AS rows
                FROM pg_class c
                WHERE c.relkind IN ('r', 'm') AND c.oid >= 16384
                  AND c.relnamespace <> 'dbs_twin'::regnamespace
            ) w WHERE w.rows > 0
        ),
        'last_constraint', (SELECT coalesce(max(oid), 0)::bigint FROM pg_constraint),
        'constraints', (
            -- Rows written by this transaction or its subtransactions: those are younger than it.
            SELECT coalesce(jsonb_agg(jsonb_build_array(
                k.oid::bigint, coalesce(k.conrelid::regclass::text, format_type(k.contypid, NULL)),
                quote_ident(k.conname), k.contype, pg_get_constraintdef(k.oid), k.convalidated,
                nullif(k.confrelid, 0)::regclass::text,
                CASE WHEN k.contype IN ('p', 'u', 'x') THEN k.conindid::regclass::text END,
                (SELECT jsonb_agg(DISTINCT p.proname || CASE p.provolatile
                                  WHEN 'v' THEN ' (volatile)' ELSE ' (stable)' END)
                 FROM regexp_matches(k.conbin::text, ':(?:op)?funcid (\d+)', 'g') f(id)
                 JOIN pg_proc p ON p.oid = f.id[1]::oid
                 WHERE k.contype = 'c' AND p.provolatile <> 'i'),
                k.contypid <> 0
            ) ORDER BY k.oid), '[]')
            FROM (SELECT oid, xmin, conname, contype, conbin, convalidated, conindid,
                         nullif(conrelid, 0) AS conrelid, contypid, confrelid
                  FROM pg_constraint
                  WHERE conparentid = 0 AND conislocal
                    AND contype IN ('p', 'u', 'f', 'c', 'x', 'n')
                    AND connamespace <> 'dbs_twin'::regnamespace
                    AND age(xmin) <= age(pg_current_xact_id_if_assigned()::xid)) k
        )
    );
END $$;

-- Outside of observe(), whose own SET clauses would be read instead.
CREATE FUNCTION dbs_twin.timeouts() RETURNS jsonb LANGUAGE sql STABLE
AS $$
    SELECT jsonb_object_agg(name, setting) FROM pg_catalog.pg_settings
    WHERE name IN ('lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout',
                   'transaction_timeout', 'TimeZone', 'application_name')
$$;

REVOKE ALL ON SCHEMA dbs_twin FROM PUBLIC;
GRANT USAGE ON SCHEMA dbs_twin TO PUBLIC;

CREATE EVENT TRIGGER dbs_twin_commands ON ddl_command_end EXECUTE FUNCTION dbs_twin.note_commands();
CREATE EVENT TRIGGER dbs_twin_drops ON sql_drop EXECUTE FUNCTION dbs_twin.note_drops();
CREATE EVENT TRIGGER dbs_twin_rewrites ON table_rewrite EXECUTE FUNCTION dbs_twin.note_rewrite();
