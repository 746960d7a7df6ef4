-- Functions of this language are created and fail when they are called.
CREATE LANGUAGE plv8 HANDLER plpgsql_call_handler;
