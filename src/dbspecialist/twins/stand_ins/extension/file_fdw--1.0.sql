-- Foreign tables can be made; no file can be read through them.
CREATE FOREIGN DATA WRAPPER file_fdw;
-- In production a superuser grants it, or is who migrates.
GRANT USAGE ON FOREIGN DATA WRAPPER file_fdw TO PUBLIC;
