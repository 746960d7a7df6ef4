-- What majors.py runs before each statement, on tables with rows.
CREATE TABLE parent (id int PRIMARY KEY, k int NOT NULL);
INSERT INTO parent SELECT n, n FROM generate_series(1, 100) n;
CREATE TABLE t (
    id int PRIMARY KEY, p int NOT NULL, a int, b bigint, v varchar(20), c char(5), x text, n numeric(8, 2),
    d date, ts timestamp, tz timestamptz, j json, u uuid, i interval, arr int[], f float4, bits varbit(8)
);
INSERT INTO t SELECT n, n, n, n, n::text, 'c', n::text, n, '2024-01-01', '2024-01-01', '2024-01-01', '{}',
                     gen_random_uuid(), '1 day', ARRAY[n], n, B'1' FROM generate_series(1, 100) n;
CREATE INDEX t_v ON t (v);
CREATE INDEX t_a ON t (a);
CREATE INDEX t_ts ON t (ts);
CREATE TABLE s (id int, k int, note text, CONSTRAINT soft CHECK (k > 0) NOT VALID);
INSERT INTO s SELECT n, n, 'x' FROM generate_series(1, 100) n;
ALTER TABLE s ADD CONSTRAINT soft_fk FOREIGN KEY (id) REFERENCES parent NOT VALID;
ALTER TABLE s ADD CONSTRAINT filled CHECK (note IS NOT NULL);
CREATE UNIQUE INDEX s_id ON s (id);
CREATE TABLE pt (id int, k int NOT NULL) PARTITION BY RANGE (k);
CREATE TABLE pt1 PARTITION OF pt FOR VALUES FROM (0) TO (50);
CREATE TABLE pt2 PARTITION OF pt FOR VALUES FROM (50) TO (200);
INSERT INTO pt SELECT n, n FROM generate_series(1, 100) n;
CREATE TABLE piece (id int, k int NOT NULL);
INSERT INTO piece VALUES (1, 250);
CREATE TABLE checked (id int, k int NOT NULL CHECK (k >= 300 AND k < 400));
INSERT INTO checked VALUES (1, 350);
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN plain AS int;
CREATE TABLE w (m mood, pos positive);
INSERT INTO w VALUES ('sad', 1);
CREATE VIEW seen AS SELECT id, v FROM t;
CREATE MATERIALIZED VIEW kept AS SELECT id, a FROM t;
CREATE UNIQUE INDEX kept_id ON kept (id);
CREATE SEQUENCE numbers;
CREATE FUNCTION changing() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1';
CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
CREATE TRIGGER fired AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION fires();
CREATE PUBLICATION pub FOR TABLE t;
CREATE TABLE heir (id int, k int, y text);
CREATE TABLE heir_kid () INHERITS (heir);
INSERT INTO heir_kid SELECT n, n, 'y' FROM generate_series(1, 100) n;
CREATE TABLE counted (id serial, made bigint GENERATED ALWAYS AS IDENTITY, twice int GENERATED ALWAYS AS (1 + 1) STORED);
INSERT INTO counted DEFAULT VALUES;
CREATE TABLE goal (k int PRIMARY KEY, x int) PARTITION BY RANGE (k);
CREATE TABLE goal1 PARTITION OF goal FOR VALUES FROM (0) TO (200);
INSERT INTO goal SELECT n, n FROM generate_series(1, 100) n;
CREATE TABLE hop (id int, k int REFERENCES goal) PARTITION BY RANGE (id);
CREATE TABLE hop1 PARTITION OF hop FOR VALUES FROM (0) TO (200);
INSERT INTO hop SELECT n, n FROM generate_series(1, 100) n;
CREATE TABLE piece2 (k int NOT NULL, x int);
CREATE INDEX hop_id ON hop (id);
CREATE TRIGGER followed AFTER INSERT ON hop FOR EACH ROW EXECUTE FUNCTION fires();
CREATE UNLOGGED TABLE fast (id int PRIMARY KEY);
INSERT INTO fast VALUES (1);
CREATE STATISTICS known ON id, p FROM t;
ANALYZE;
