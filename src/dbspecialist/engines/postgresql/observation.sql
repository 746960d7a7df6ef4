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
-- Columns above `attributes` are the run's, and those above `noted` are not in note_statistics()
-- yet. `made`: a table that had no rows in production, with those that the run put into it.
CREATE UNLOGGED TABLE dbs_twin.sizes (
    relation oid PRIMARY KEY,
    tuples real NOT NULL,
    attributes smallint NOT NULL,
    noted smallint NOT NULL,
    made boolean NOT NULL DEFAULT false
);

-- Statistics of columns that a command added to tables with rows: without them the planner takes
-- 0.5 % of the rows for NULL. Old rows hold the constant that the engine keeps for them (manual,
-- "pg_attribute", attmissingval), a value each where the table was written anew, or else NULL.
-- Nothing is known of what a generated column or a domain's default gives.
CREATE FUNCTION dbs_twin.note_statistics(altered oid[]) RETURNS void LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    WITH RECURSIVE family AS (
        SELECT unnest(altered) AS id
        UNION
        SELECT inhrelid FROM pg_inherits JOIN family ON inhparent = id
    ), grown AS (
        UPDATE dbs_twin.sizes s SET noted = c.relnatts
        FROM family f JOIN pg_class c ON c.oid = f.id, dbs_twin.sizes was
        WHERE s.relation = c.oid AND was.relation = c.oid AND c.relnatts > was.noted
        RETURNING s.relation, was.noted AS number
    ), new AS (
        SELECT a.*, a.atthasmissing AS is_constant,
               NOT a.atthasmissing AND a.attidentity = '' AND (NOT a.atthasdef OR NOT EXISTS (
                   SELECT FROM dbs_twin.events e
                   WHERE e.backend = pg_backend_pid() AND e.event->>'event' = 'rewrite'
                     AND (e.event->>'oid')::bigint::oid = a.attrelid)) AS is_null,
               (SELECT o.oid FROM pg_operator o
                WHERE o.oprname = '=' AND o.oprnamespace = 'pg_catalog'::regnamespace
                  AND o.oprleft = a.atttypid AND o.oprright = a.atttypid) AS equal
        FROM grown g JOIN pg_attribute a ON a.attrelid = g.relation AND a.attnum > g.number
        JOIN pg_type t ON t.oid = a.atttypid
        WHERE NOT a.attisdropped AND a.attgenerated = ''
          AND (t.typdefault IS NULL OR a.atthasdef OR a.atthasmissing)
    )
    INSERT INTO pg_statistic (
        starelid, staattnum, stainherit, stanullfrac, stawidth, stadistinct,
        stakind1, stakind2, stakind3, stakind4, stakind5, staop1, staop2, staop3, staop4, staop5,
        stacoll1, stacoll2, stacoll3, stacoll4, stacoll5, stanumbers1, stavalues1
    )
    SELECT attrelid, attnum, false, is_null::int, greatest(attlen, 4),
           CASE WHEN is_null THEN 0 WHEN is_constant THEN 1 ELSE -1 END,
           is_constant::int, 0, 0, 0, 0, CASE WHEN is_constant THEN coalesce(equal, 0) ELSE 0 END,
           0, 0, 0, 0, CASE WHEN is_constant THEN attcollation ELSE 0 END, 0, 0, 0, 0,
           CASE WHEN is_constant THEN '{1}'::real[] END, attmissingval
    FROM new
    WHERE NOT EXISTS (SELECT FROM pg_statistic WHERE (starelid, staattnum) = (attrelid, attnum));
END $$;

CREATE FUNCTION dbs_twin.note_commands() RETURNS event_trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET auto_explain.log_min_duration = -1
AS $$
BEGIN
    INSERT INTO dbs_twin.events (event)
    SELECT jsonb_build_object('event', 'command', 'tag', command_tag, 'kind', object_type,
                              'name', object_identity, 'oid', objid::bigint)
    FROM pg_event_trigger_ddl_commands() WHERE NOT in_extension;
    IF tg_tag = 'ALTER TABLE' THEN
        PERFORM dbs_twin.note_statistics(ARRAY(SELECT objid FROM pg_event_trigger_ddl_commands()));
    END IF;
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

-- What observe() has told a session of its transaction: it tells only what is new, since a
-- transaction that runs a long history holds hundreds of locks.
CREATE UNLOGGED TABLE dbs_twin.told_locks (backend int, relation oid, mode text, version text);
CREATE UNLOGGED TABLE dbs_twin.told_constraints (backend int, id oid, version text);
CREATE UNLOGGED TABLE dbs_twin.told_columns (backend int, relation oid, number int, version text);

-- Columns as catalogues write them. A NOT NULL that was never checked is a constraint's. Without
-- joins, which take longer to plan than to run.
CREATE VIEW dbs_twin.columns AS
SELECT a.attrelid AS relation, a.attnum AS number, a.attrelid::regclass::text AS relation_name,
       quote_ident(a.attname) AS name, format_type(a.atttypid, a.atttypmod) AS type,
       CASE WHEN NOT a.attnotnull THEN 'false'
            WHEN EXISTS (SELECT FROM pg_constraint n
                         WHERE n.conrelid = a.attrelid AND n.contype = 'n'
                           AND n.conkey[1] = a.attnum AND NOT n.convalidated) THEN 'not valid'
            ELSE 'true' END AS not_null,
       CASE WHEN a.atthasdef THEN (
           SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d
           WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) END AS expression,
       a.attgenerated AS generated, a.attidentity AS identity,
       CASE WHEN a.attcollation <> (SELECT t.typcollation FROM pg_type t WHERE t.oid = a.atttypid)
            THEN a.attcollation::regcollation::text END AS collated,
       a.attislocal AS local, a.attisdropped AS dropped,
       CASE WHEN a.atthasmissing THEN a.attmissingval::text END AS missing,
       a.ctid::text AS version, age(a.xmin) AS age
FROM pg_attribute a
WHERE a.attnum > 0;

-- Who may call observe(): it tells what is new once, and a migration that could call it as well
-- could have it tell what it did to nobody. Hashes, since roles that read everything are about.
CREATE UNLOGGED TABLE dbs_twin.keys (hash bytea NOT NULL);

-- The columns of tables that the current transaction has written and that were not told yet.
CREATE FUNCTION dbs_twin.written_columns(tables oid[]) RETURNS jsonb LANGUAGE plpgsql VOLATILE
SET enable_nestloop = on SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    told jsonb;
    checked jsonb;
    since int := age(pg_current_xact_id_if_assigned()::xid);
BEGIN
    tables := ARRAY(SELECT oid FROM pg_class WHERE oid = ANY (tables) AND oid >= 16384
                    AND relkind IN ('r', 'p', 'f') AND relpersistence <> 't');
    IF since IS NULL OR tables = '{}' THEN
        RETURN '[]';
    END IF;
    -- VALIDATE CONSTRAINT on a NOT NULL changes the constraint's row alone.
    SELECT coalesce(jsonb_object_agg(conrelid || ' ' || conkey[1], ctid::text), '{}') INTO checked
    FROM pg_constraint WHERE conrelid = ANY (tables) AND contype = 'n' AND age(xmin) <= since;
    WITH new AS MATERIALIZED (
        SELECT c.*, c.version || coalesce(checked->>(c.relation || ' ' || c.number), '') AS told_as
        FROM dbs_twin.columns c
        WHERE c.relation = ANY (tables)
          AND (c.age <= since OR checked ? (c.relation || ' ' || c.number))
          AND (c.relation, c.number, c.version || coalesce(
                  checked->>(c.relation || ' ' || c.number), '')) NOT IN (
              SELECT t.relation, t.number, t.version FROM dbs_twin.told_columns t
              WHERE t.backend = pg_backend_pid()
          )
    ), noted AS (
        INSERT INTO dbs_twin.told_columns
        SELECT pg_backend_pid(), relation, number, told_as FROM new
    )
    SELECT coalesce(jsonb_agg(jsonb_build_array(
        relation::bigint, number, relation_name, name, type, not_null, expression, generated,
        identity, collated, local, dropped, missing
    ) ORDER BY relation, number), '[]') INTO told FROM new;
    RETURN told;
END $$;

-- What a statement did to rows, by the plans that an observer read of it: what the run made of
-- new columns and of tables without rows counts for the statements that follow.
-- Args: `updated`, columns set and rows by table, without rows where they are a part of a loop's;
-- `filled`, rows put into tables by name, with "" for those that the statement made.
CREATE FUNCTION dbs_twin.note_changes(key text, updated jsonb, filled jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET auto_explain.log_min_duration = -1
SET lock_timeout = 0 SET statement_timeout = 0
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM dbs_twin.keys WHERE hash = sha256(convert_to(key, 'UTF8'))) THEN
        RAISE insufficient_privilege USING MESSAGE = 'permission denied for function note_changes';
    END IF;
    IF updated <> '{}' THEN
        WITH RECURSIVE family AS (
            SELECT dbs_twin.named(name) AS id, name FROM jsonb_object_keys(updated) name
            UNION
            SELECT inhrelid, name FROM pg_inherits JOIN family ON inhparent = id
        ), whole AS (
            SELECT name, sum(s.tuples) AS tuples
            FROM family JOIN dbs_twin.sizes s ON s.relation = id GROUP BY name
        )
        UPDATE pg_statistic t
        SET stanullfrac = greatest(0, stanullfrac - coalesce(
                (updated->f.name->>'rows')::real / nullif(w.tuples, 0), 1)),
            stadistinct = 0, stakind1 = 0, stanumbers1 = NULL, stavalues1 = NULL
        FROM family f JOIN whole w ON w.name = f.name JOIN dbs_twin.sizes s ON s.relation = f.id
        JOIN pg_attribute a ON a.attrelid = f.id AND a.attnum > s.attributes
        WHERE t.starelid = a.attrelid AND t.staattnum = a.attnum
          AND updated->f.name->'columns' ? a.attname::text;
    END IF;
    IF filled <> '{}' THEN
        INSERT INTO dbs_twin.sizes AS s
        SELECT c.oid, sum(value::real), c.relnatts, c.relnatts, true
        FROM jsonb_each_text(filled), LATERAL (
            SELECT dbs_twin.named(jsonb_each_text.key) WHERE jsonb_each_text.key <> ''
            UNION ALL
            SELECT (event->>'oid')::bigint::oid FROM dbs_twin.events
            WHERE backend = pg_backend_pid() AND jsonb_each_text.key = ''
              AND event->>'tag' IN ('CREATE TABLE AS', 'SELECT INTO', 'CREATE MATERIALIZED VIEW')
        ) target(id) JOIN pg_class c ON c.oid = id AND c.relkind IN ('r', 'm')
        GROUP BY c.oid, c.relnatts
        ON CONFLICT (relation) DO UPDATE SET tuples = s.tuples + excluded.tuples WHERE s.made;
    END IF;
END $$;

-- The relation of a name as plans write it.
CREATE FUNCTION dbs_twin.named(name text) RETURNS oid LANGUAGE sql STABLE
AS $$
    SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE name IN (pg_catalog.format('%I.%I', n.nspname, c.relname),
                   CASE WHEN n.oid = pg_catalog.pg_my_temp_schema()
                        THEN pg_catalog.format('pg_temp.%I', c.relname) END)
    LIMIT 1
$$;

CREATE FUNCTION dbs_twin.observe(fresh boolean, key text) RETURNS jsonb LANGUAGE plpgsql VOLATILE
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET auto_explain.log_min_duration = -1
SET lock_timeout = 0 SET statement_timeout = 0
SET enable_nestloop = off -- the tables below have no statistics
AS $$
DECLARE
    noted jsonb;
    locks jsonb;
    constraints jsonb;
    columns jsonb := '[]';
BEGIN
    IF NOT EXISTS (SELECT FROM dbs_twin.keys WHERE hash = sha256(convert_to(key, 'UTF8'))) THEN
        RAISE insufficient_privilege USING MESSAGE = 'permission denied for function observe';
    END IF;
    WITH taken AS (
        DELETE FROM dbs_twin.events WHERE backend = pg_backend_pid() RETURNING number, event
    )
    SELECT coalesce(jsonb_agg(event ORDER BY number), '[]') INTO noted FROM taken;
    UPDATE pg_class c SET reltuples = s.tuples, relpages = 1
    FROM dbs_twin.sizes s
    WHERE c.oid = s.relation AND (c.reltuples <> s.tuples OR c.relpages <> 1);
    IF fresh THEN
        DELETE FROM dbs_twin.told_locks WHERE backend = pg_backend_pid();
        DELETE FROM dbs_twin.told_constraints WHERE backend = pg_backend_pid();
        DELETE FROM dbs_twin.told_columns WHERE backend = pg_backend_pid();
    END IF;

    WITH held AS MATERIALIZED (
        SELECT l.relation, l.mode, coalesce(c.relfilenode, 0) AS filenode,
               coalesce(c.ctid::text, '') AS version, c.relkind, c.relname, c.relnamespace
        FROM pg_lock_status() l
        LEFT JOIN pg_class c ON c.oid = l.relation
        WHERE l.locktype = 'relation' AND l.pid = pg_backend_pid() AND l.granted
          AND l.relation >= 16384
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND c.relnamespace IS DISTINCT FROM 'dbs_twin'::regnamespace
          AND c.relnamespace IS DISTINCT FROM 'pg_toast'::regnamespace
    ), new AS MATERIALIZED (
        SELECT h.* FROM held h
        WHERE NOT EXISTS (
            SELECT FROM dbs_twin.told_locks t
            WHERE t.backend = pg_backend_pid() AND t.relation = h.relation AND t.mode = h.mode
              AND t.version = h.version
        )
    ), told AS (
        INSERT INTO dbs_twin.told_locks
        SELECT pg_backend_pid(), relation, mode, version FROM new
    )
    SELECT coalesce(jsonb_agg(jsonb_build_array(
        w.relation::bigint, w.mode, w.relkind,
        quote_ident(n.nspname) || '.' || quote_ident(w.relname),
        w.filenode::bigint, i.indrelid::bigint,
        CASE WHEN w.relkind IN ('r', 'm') THEN pg_relation_filepath(w.relation) END
    )), '[]') INTO locks
    FROM new w
    LEFT JOIN pg_namespace n ON n.oid = w.relnamespace
    LEFT JOIN pg_index i ON i.indexrelid = w.relation;

    WITH new AS MATERIALIZED (
        -- Rows written by this transaction or its subtransactions: those are younger than it.
        SELECT oid, ctid::text AS version, conname, contype, conbin, convalidated, conindid,
               nullif(conrelid, 0) AS conrelid, contypid, confrelid
        FROM pg_constraint k
        WHERE conparentid = 0 AND conislocal
          AND contype IN ('p', 'u', 'f', 'c', 'x', 'n')
          AND connamespace <> 'dbs_twin'::regnamespace
          AND age(xmin) <= age(pg_current_xact_id_if_assigned()::xid)
          AND NOT EXISTS (
              SELECT FROM dbs_twin.told_constraints t
              WHERE t.backend = pg_backend_pid() AND t.id = k.oid AND t.version = k.ctid::text
          )
    ), told AS (
        INSERT INTO dbs_twin.told_constraints SELECT pg_backend_pid(), oid, version FROM new
    )
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
    ) ORDER BY k.oid), '[]') INTO constraints
    FROM new k;

    -- Only commands that event triggers see write pg_attribute; after ROLLBACK TO all is told anew.
    IF fresh OR noted <> '[]' THEN
        columns := dbs_twin.written_columns(CASE WHEN fresh THEN ARRAY(
            SELECT relation FROM pg_lock_status()
            WHERE locktype = 'relation' AND pid = pg_backend_pid() AND relation >= 16384
        ) ELSE ARRAY(
            WITH RECURSIVE family AS (
                SELECT (event->>'oid')::bigint::oid AS id FROM jsonb_array_elements(noted) event
                UNION
                SELECT inhrelid FROM pg_inherits JOIN family ON inhparent = id
            ) SELECT id FROM family
        ) END);
    END IF;

    RETURN jsonb_build_object(
        'events', noted,
        'locks', locks,
        'scans', (
            SELECT coalesce(jsonb_object_agg(c.oid::bigint, pg_stat_get_xact_numscans(c.oid)), '{}')
            FROM pg_class c
            WHERE c.relkind IN ('r', 'm') AND c.oid >= 16384
              AND pg_stat_get_xact_numscans(c.oid) > 0
        ),
        'filled', (
            SELECT coalesce(jsonb_agg(relation::bigint), '[]') FROM dbs_twin.sizes
            WHERE made AND tuples > 0
        ),
        'last_constraint', (SELECT coalesce(max(oid), 0)::bigint FROM pg_constraint),
        'constraints', constraints,
        'columns', columns
    );
END $$;

-- A time-out in milliseconds; pg_settings has it so too, but works out all settings for it.
CREATE FUNCTION dbs_twin.milliseconds(name text) RETURNS text LANGUAGE sql STABLE
AS $$
    SELECT (extract(epoch FROM pg_catalog.current_setting(name)::pg_catalog.interval)
            OPERATOR(pg_catalog.*) 1000)::pg_catalog.int8::pg_catalog.text
$$;

-- Outside of observe(), whose own SET clauses would be read instead.
CREATE FUNCTION dbs_twin.timeouts() RETURNS jsonb LANGUAGE sql STABLE
AS $$
    SELECT pg_catalog.jsonb_build_object(
        'lock_timeout', dbs_twin.milliseconds('lock_timeout'),
        'statement_timeout', dbs_twin.milliseconds('statement_timeout'),
        'idle_in_transaction_session_timeout',
        dbs_twin.milliseconds('idle_in_transaction_session_timeout'),
        'transaction_timeout', dbs_twin.milliseconds('transaction_timeout'),
        'TimeZone', pg_catalog.current_setting('TimeZone'),
        'application_name', pg_catalog.current_setting('application_name')
    )
$$;

REVOKE ALL ON SCHEMA dbs_twin FROM PUBLIC;
GRANT USAGE ON SCHEMA dbs_twin TO PUBLIC;
-- The snapshot's default privileges may have taken it from functions made after them.
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA dbs_twin TO PUBLIC;

CREATE EVENT TRIGGER dbs_twin_commands ON ddl_command_end EXECUTE FUNCTION dbs_twin.note_commands();
CREATE EVENT TRIGGER dbs_twin_drops ON sql_drop EXECUTE FUNCTION dbs_twin.note_drops();
CREATE EVENT TRIGGER dbs_twin_rewrites ON table_rewrite EXECUTE FUNCTION dbs_twin.note_rewrite();
