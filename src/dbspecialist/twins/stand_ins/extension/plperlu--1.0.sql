-- Functions of this language are created and fail when they are called.
CREATE LANGUAGE plperlu HANDLER plpgsql_call_handler;
