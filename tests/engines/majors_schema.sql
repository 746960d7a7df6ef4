CREATE TABLE s (id int PRIMARY KEY, k int NOT NULL);
CREATE TABLE t (id int PRIMARY KEY, a int, b int, x text, d daterange);
CREATE TABLE pair (a int, b int, PRIMARY KEY (a, b));
CREATE TABLE made (a int, b int GENERATED ALWAYS AS (a * 2) STORED);
CREATE TABLE parts (id int) PARTITION BY RANGE (id);
CREATE FOREIGN DATA WRAPPER none;
CREATE SERVER far FOREIGN DATA WRAPPER none;
CREATE FUNCTION happened() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
