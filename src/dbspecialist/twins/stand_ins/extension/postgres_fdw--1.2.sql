-- Servers, mappings and foreign tables can be made; nothing can be read through them.
CREATE FOREIGN DATA WRAPPER postgres_fdw;
