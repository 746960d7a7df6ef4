-- Foreign tables can be made; no file can be read through them.
CREATE FOREIGN DATA WRAPPER file_fdw;
