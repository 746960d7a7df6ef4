-- Functions of this language are created and fail when they are called.
CREATE TRUSTED LANGUAGE plperl HANDLER plpgsql_call_handler;
