-- A bank's ledger with what TPC-H lacks. :rows stands for the number of entries.
CREATE EXTENSION btree_gist;
CREATE SCHEMA bank;
SET search_path = bank, public;
SELECT setseed(0.5);

CREATE TYPE entry_state AS ENUM ('draft', 'posted', 'reversed', 'disputed');
CREATE TYPE account_kind AS ENUM ('current', 'savings', 'loan');
CREATE DOMAIN money_amount AS numeric(14, 2);

-- Correlated columns: a postcode has one city, a city one region.
CREATE TABLE branch (
    id int PRIMARY KEY,
    postcode text NOT NULL,
    city text NOT NULL,
    region text NOT NULL,
    opened date NOT NULL
);
INSERT INTO branch
SELECT n, 'P' || n % 200, 'city ' || n % 200 / 4, 'region ' || n % 200 / 20,
       date '1990-01-01' + n * 7
  FROM generate_series(1, 1000) AS n;

CREATE TABLE account (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    branch_id int NOT NULL REFERENCES branch,
    kind account_kind NOT NULL,
    holder text NOT NULL,
    email text,
    opened date NOT NULL,
    closed date,
    frozen boolean NOT NULL,
    tags text[] NOT NULL,
    attributes jsonb NOT NULL,
    limits int4range NOT NULL,
    valid tstzrange NOT NULL
);
INSERT INTO account (branch_id, kind, holder, email, opened, closed, frozen, tags, attributes,
                     limits, valid)
SELECT 1 + (random() ^ 2 * 999)::int,
       (ARRAY['current', 'current', 'current', 'savings', 'loan'])[1 + (random() * 4)::int]::account_kind,
       'Holder ' || (random() ^ 3 * :rows / 20)::int,
       CASE WHEN random() < 0.8 THEN 'user' || n || '@example.org' END,
       date '2015-01-01' + (random() * 3600)::int,
       CASE WHEN random() < 0.05 THEN date '2025-01-01' + (random() * 500)::int END,
       random() < 0.01,
       ARRAY(SELECT 'tag ' || (random() ^ 2 * 40)::int FROM generate_series(0, n % 4)),
       jsonb_build_object('tier', n % 5, 'country', 'C' || (random() ^ 2 * 30)::int),
       int4range((random() * 1000)::int, 1000 + (random() * 9000)::int),
       tstzrange(timestamptz '2015-01-01 00:00+00' + n * interval '1 hour',
                 timestamptz '2027-01-01 00:00+00' + n * interval '1 hour')
  FROM generate_series(1, :rows / 10) AS n;
CREATE INDEX account_branch_covering ON account (branch_id) INCLUDE (kind, frozen);
CREATE INDEX account_holder_lower ON account (lower(holder));
CREATE INDEX account_email_hash ON account USING hash (email);
CREATE INDEX account_frozen ON account (opened) WHERE frozen;
CREATE INDEX account_tags_gin ON account USING gin (tags);
CREATE INDEX account_attributes_gin ON account USING gin (attributes jsonb_path_ops);
CREATE INDEX account_limits_gist ON account USING gist (limits);
CREATE INDEX account_valid_gist ON account USING gist (kind, valid);
CREATE INDEX account_closed_first ON account (closed DESC NULLS LAST, id);
CREATE UNIQUE INDEX account_open_email ON account (email) WHERE closed IS NULL;

CREATE TABLE entry (
    id bigint NOT NULL,
    account_id bigint NOT NULL REFERENCES account,
    booked date NOT NULL,
    amount money_amount NOT NULL,
    currency char(3) NOT NULL,
    country text NOT NULL,
    state entry_state NOT NULL,
    memo text,
    words tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce(memo, ''))) STORED,
    PRIMARY KEY (id, booked, account_id)
) PARTITION BY RANGE (booked);
CREATE TABLE entry_2025h1 PARTITION OF entry FOR VALUES FROM ('2025-01-01') TO ('2025-07-01');
CREATE TABLE entry_2025h2 PARTITION OF entry FOR VALUES FROM ('2025-07-01') TO ('2026-01-01')
    PARTITION BY HASH (account_id);
CREATE TABLE entry_2025h2_0 PARTITION OF entry_2025h2 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE entry_2025h2_1 PARTITION OF entry_2025h2 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE entry_2026h1 PARTITION OF entry FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
CREATE TABLE entry_rest PARTITION OF entry DEFAULT;
-- A currency says the country, and most entries are posted.
INSERT INTO entry (id, account_id, booked, amount, currency, country, state, memo)
SELECT n, 1 + (random() ^ 2 * (:rows / 10 - 1))::int, date '2025-01-01' + n * 540 / :rows,
       (random() ^ 4 * 10000)::numeric(14, 2), (ARRAY['EUR', 'USD', 'GBP', 'CHF'])[k],
       (ARRAY['DE', 'US', 'GB', 'CH'])[k],
       CASE WHEN random() < 0.97 THEN 'posted' WHEN random() < 0.6 THEN 'draft'
            WHEN random() < 0.9 THEN 'reversed' ELSE 'disputed' END::entry_state,
       CASE WHEN random() < 0.3 THEN 'invoice ' || (random() * 500)::int || ' of shop '
                                     || (random() ^ 2 * 50)::int END
  FROM generate_series(1, :rows) AS n, LATERAL (SELECT 1 + (random() ^ 2 * 3 + n * 0)::int AS k) AS c;
CREATE INDEX entry_account ON entry (account_id, booked);
CREATE INDEX entry_booked_brin ON entry USING brin (booked) WITH (pages_per_range = 16);
CREATE INDEX entry_open ON entry (account_id) WHERE state IN ('draft', 'disputed');
CREATE INDEX entry_cents ON entry (((amount * 100)::bigint));
CREATE INDEX entry_words ON entry USING gin (words);

-- Inheritance.
CREATE TABLE event (at timestamptz NOT NULL, account_id bigint, note text);
CREATE TABLE login (address inet NOT NULL) INHERITS (event);
CREATE TABLE transfer (peer bigint NOT NULL) INHERITS (event);
INSERT INTO event SELECT timestamptz '2026-01-01' + n * interval '1 min', NULL, 'system'
  FROM generate_series(1, :rows / 50) AS n;
INSERT INTO login SELECT timestamptz '2026-01-01' + n * interval '10 s', n % 5000, NULL,
                         inet '10.0.0.0' + (random() ^ 2 * 100000)::bigint
  FROM generate_series(1, :rows / 5) AS n;
INSERT INTO transfer SELECT timestamptz '2026-01-01' + n * interval '20 s', n % 3000, 'peer',
                            (random() * 3000)::int
  FROM generate_series(1, :rows / 10) AS n;
CREATE INDEX event_at ON event (at);
CREATE INDEX login_at ON login (at);
CREATE INDEX transfer_at ON transfer (at);
CREATE INDEX login_address ON login USING spgist (address);
CREATE INDEX transfer_bloom ON transfer USING brin (peer int8_bloom_ops, at);

CREATE MATERIALIZED VIEW daily AS
SELECT booked, currency, sum(amount) AS total, count(*) AS entries FROM entry GROUP BY 1, 2;
CREATE UNIQUE INDEX daily_key ON daily (booked, currency);

CREATE STATISTICS branch_place (ndistinct, dependencies, mcv) ON postcode, city, region FROM branch;
CREATE STATISTICS entry_country (dependencies, mcv) ON currency, country, state FROM entry;
CREATE STATISTICS entry_day (ndistinct) ON account_id, booked, (date_trunc('month', booked::timestamp))
    FROM entry;
CREATE STATISTICS entry_2025h1_country (mcv) ON currency, country FROM entry_2025h1;
CREATE STATISTICS account_month ON (extract(year FROM opened)) FROM account;
CREATE STATISTICS account_mixed (ndistinct, mcv) ON branch_id, kind, (attributes ->> 'country')
    FROM account;
CREATE STATISTICS login_hour (ndistinct, dependencies)
    ON account_id, (date_trunc('hour', at AT TIME ZONE 'UTC')) FROM login;
-- A dropped column moves the numbers of those behind it.
ALTER TABLE branch DROP COLUMN opened, ADD COLUMN grade int, ADD COLUMN rank int;
UPDATE branch SET grade = id % 10, rank = id % 10 / 2;
CREATE STATISTICS branch_grade (ndistinct, dependencies, mcv) ON grade, rank FROM branch;
RESET search_path;
VACUUM ANALYZE;
-- A table that has grown since its statistics were taken.
INSERT INTO bank.transfer SELECT timestamptz '2026-01-01' + n * interval '30 s', n % 3000, 'peer',
                                 1 + (random() * 2998)::int
  FROM generate_series(1, :rows / 20) AS n;
CHECKPOINT;
