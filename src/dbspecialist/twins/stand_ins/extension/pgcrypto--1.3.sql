-- Lengths of results are those of pgcrypto; the results themselves are not.
CREATE FUNCTION digest(text, text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN pg_catalog.substr(pg_catalog.sha512(pg_catalog.convert_to($1, 'UTF8')), 1, CASE pg_catalog.lower($2) WHEN 'md5' THEN 16 WHEN 'sha1' THEN 20
    WHEN 'sha224' THEN 28 WHEN 'sha256' THEN 32 WHEN 'sha384' THEN 48 ELSE 64 END); END $$;
CREATE FUNCTION digest(bytea, text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN pg_catalog.substr(pg_catalog.sha512($1), 1, CASE pg_catalog.lower($2) WHEN 'md5' THEN 16 WHEN 'sha1' THEN 20
    WHEN 'sha224' THEN 28 WHEN 'sha256' THEN 32 WHEN 'sha384' THEN 48 ELSE 64 END); END $$;
CREATE FUNCTION hmac(text, text, text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN pg_catalog.substr(pg_catalog.sha512(pg_catalog.convert_to($1 || $2, 'UTF8')), 1, CASE pg_catalog.lower($3) WHEN 'md5' THEN 16 WHEN 'sha1' THEN 20
    WHEN 'sha224' THEN 28 WHEN 'sha256' THEN 32 WHEN 'sha384' THEN 48 ELSE 64 END); END $$;
CREATE FUNCTION hmac(bytea, bytea, text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN pg_catalog.substr(pg_catalog.sha512($1 || $2), 1, CASE pg_catalog.lower($3) WHEN 'md5' THEN 16 WHEN 'sha1' THEN 20
    WHEN 'sha224' THEN 28 WHEN 'sha256' THEN 32 WHEN 'sha384' THEN 48 ELSE 64 END); END $$;
CREATE FUNCTION crypt(text, text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN $2 || pg_catalog.md5($1 || $2); END $$;
CREATE FUNCTION gen_salt(text) RETURNS text
LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN '$' || $1 || '$' || pg_catalog.substr(pg_catalog.gen_random_uuid()::text, 1, 8) || '$'; END $$;
CREATE FUNCTION gen_salt(text, integer) RETURNS text
LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN '$' || $1 || '$' || pg_catalog.substr(pg_catalog.gen_random_uuid()::text, 1, 8) || '$'; END $$;
CREATE FUNCTION gen_random_bytes(integer) RETURNS bytea
LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN pg_catalog.substr(pg_catalog.sha512(pg_catalog.uuid_send(pg_catalog.gen_random_uuid()))
    || pg_catalog.decode(pg_catalog.repeat('00', $1), 'hex'), 1, $1); END $$;
CREATE FUNCTION gen_random_uuid() RETURNS uuid
LANGUAGE internal VOLATILE PARALLEL SAFE AS 'gen_random_uuid';
CREATE FUNCTION encrypt(bytea, bytea, text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN $1; END $$;
CREATE FUNCTION encrypt_iv(bytea, bytea, bytea, text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN $1; END $$;
CREATE FUNCTION decrypt(bytea, bytea, text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN $1; END $$;
CREATE FUNCTION decrypt_iv(bytea, bytea, bytea, text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN $1; END $$;
CREATE FUNCTION pgp_sym_encrypt(text, text) RETURNS bytea
LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN pg_catalog.convert_to($1, 'UTF8'); END $$;
CREATE FUNCTION pgp_sym_encrypt_bytea(bytea, text) RETURNS bytea
LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN $1; END $$;
CREATE FUNCTION pgp_sym_encrypt(text, text, text) RETURNS bytea
LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN pg_catalog.convert_to($1, 'UTF8'); END $$;
CREATE FUNCTION pgp_sym_encrypt_bytea(bytea, text, text) RETURNS bytea
LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN $1; END $$;
CREATE FUNCTION pgp_sym_decrypt(bytea, text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN pg_catalog.convert_from($1, 'UTF8'); END $$;
CREATE FUNCTION pgp_sym_decrypt_bytea(bytea, text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN $1; END $$;
CREATE FUNCTION pgp_sym_decrypt(bytea, text, text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN pg_catalog.convert_from($1, 'UTF8'); END $$;
CREATE FUNCTION pgp_sym_decrypt_bytea(bytea, text, text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN $1; END $$;
CREATE FUNCTION pgp_pub_encrypt(text, bytea) RETURNS bytea
LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN pg_catalog.convert_to($1, 'UTF8'); END $$;
CREATE FUNCTION pgp_pub_encrypt_bytea(bytea, bytea) RETURNS bytea
LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN $1; END $$;
CREATE FUNCTION pgp_pub_encrypt(text, bytea, text) RETURNS bytea
LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN pg_catalog.convert_to($1, 'UTF8'); END $$;
CREATE FUNCTION pgp_pub_encrypt_bytea(bytea, bytea, text) RETURNS bytea
LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN $1; END $$;
CREATE FUNCTION pgp_pub_decrypt(bytea, bytea) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN pg_catalog.convert_from($1, 'UTF8'); END $$;
CREATE FUNCTION pgp_pub_decrypt_bytea(bytea, bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN $1; END $$;
CREATE FUNCTION pgp_pub_decrypt(bytea, bytea, text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN pg_catalog.convert_from($1, 'UTF8'); END $$;
CREATE FUNCTION pgp_pub_decrypt_bytea(bytea, bytea, text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN $1; END $$;
CREATE FUNCTION pgp_pub_decrypt(bytea, bytea, text, text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN pg_catalog.convert_from($1, 'UTF8'); END $$;
CREATE FUNCTION pgp_pub_decrypt_bytea(bytea, bytea, text, text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN $1; END $$;
CREATE FUNCTION pgp_key_id(bytea) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN pg_catalog.substr(pg_catalog.encode($1, 'hex'), 1, 16); END $$;
CREATE FUNCTION armor(bytea) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN pg_catalog.encode($1, 'base64'); END $$;
CREATE FUNCTION armor(bytea, text[], text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN pg_catalog.encode($1, 'base64'); END $$;
CREATE FUNCTION dearmor(text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN pg_catalog.decode($1, 'base64'); END $$;
CREATE FUNCTION pgp_armor_headers(text, OUT key text, OUT value text) RETURNS SETOF record
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1
AS $$ BEGIN RETURN; END $$;
