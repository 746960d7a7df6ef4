-- Servers, mappings and foreign tables can be made; nothing can be read through them.
CREATE FOREIGN DATA WRAPPER postgres_fdw;
-- In production a superuser grants it, or is who migrates.
GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO PUBLIC;
