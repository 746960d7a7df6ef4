-- A twin opens no connection: every function refuses when it is called.
CREATE FUNCTION dblink_connect(text) RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_connect: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_connect(text, text) RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_connect: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_connect_u(text) RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_connect_u: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_connect_u(text, text) RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_connect_u: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_disconnect() RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_disconnect: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_disconnect(text) RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_disconnect: a twin opens no connection'; END $$;
CREATE FUNCTION dblink(text) RETURNS SETOF record LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink: a twin opens no connection'; END $$;
CREATE FUNCTION dblink(text, text) RETURNS SETOF record LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink: a twin opens no connection'; END $$;
CREATE FUNCTION dblink(text, boolean) RETURNS SETOF record LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink: a twin opens no connection'; END $$;
CREATE FUNCTION dblink(text, text, boolean) RETURNS SETOF record LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_exec(text) RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_exec: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_exec(text, text) RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_exec: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_exec(text, boolean) RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_exec: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_exec(text, text, boolean) RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_exec: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_open(text, text) RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_open: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_open(text, text, boolean) RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_open: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_open(text, text, text) RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_open: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_open(text, text, text, boolean) RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_open: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_close(text) RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_close: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_close(text, boolean) RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_close: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_close(text, text) RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_close: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_close(text, text, boolean) RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_close: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_fetch(text, integer) RETURNS SETOF record LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_fetch: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_fetch(text, integer, boolean) RETURNS SETOF record LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_fetch: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_fetch(text, text, integer) RETURNS SETOF record LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_fetch: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_fetch(text, text, integer, boolean) RETURNS SETOF record LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_fetch: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_send_query(text, text) RETURNS integer LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_send_query: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_is_busy(text) RETURNS integer LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_is_busy: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_get_result(text) RETURNS SETOF record LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_get_result: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_get_result(text, boolean) RETURNS SETOF record LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_get_result: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_get_connections() RETURNS text[] LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_get_connections: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_cancel_query(text) RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_cancel_query: a twin opens no connection'; END $$;
CREATE FUNCTION dblink_error_message(text) RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
    MESSAGE = 'dblink_error_message: a twin opens no connection'; END $$;
CREATE FOREIGN DATA WRAPPER dblink_fdw;
