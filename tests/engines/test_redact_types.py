"""Redaction of every type: no value stays, equal ones stay equal, and a twin takes the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbspecialist.engines.postgresql.arrays import array_values
from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.engines.snapshot_file import read_snapshot, write_snapshot
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.twin import open_twin

#: A type, and an expression over `i` from 1 to 400 that gives values which are long enough to be
#: looked for.
TYPES = {
    "bigint": "730000000 + (i % 40) * 97",
    "numeric": "CASE i % 50 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN '-Infinity'"
    " ELSE (i % 40 + 7300000.125)::numeric END",
    "double precision": "CASE i % 50 WHEN 0 THEN 'NaN' WHEN 1 THEN '-Infinity'"
    " ELSE (i % 40 + 6400000.25)::float8 END",
    "real": "i % 40 + 550000.5",
    "money": "((i % 40) + 81000.37)::numeric::money",
    "text": "'secret-' || (i % 40) || ' Straße'",
    "varchar(40)": "'person' || (i % 40) || '@example.org'",
    "character(30)": "'padded-' || (i % 40)",
    "name": "'ident_' || (i % 40)",
    "citext": "'MixedCase' || (i % 40)",
    "bytea": "decode(md5((i % 40)::text), 'hex')",
    "bit(24)": "(7000000 + i % 40)::bit(24)",
    "bit varying(24)": "(7000000 + i % 40)::bit(24)::varbit",
    "date": "CASE i % 50 WHEN 0 THEN 'infinity'::date ELSE '1963-04-05'::date + i % 40 END",
    "timestamp": "CASE i % 50 WHEN 0 THEN '-infinity'::timestamp"
    " ELSE '1963-04-05 06:07:08'::timestamp + (i % 40) * interval '1 day' END",
    "timestamptz": "CASE i % 50 WHEN 0 THEN 'infinity'::timestamptz"
    " ELSE '1973-04-05 06:07:08+00'::timestamptz + (i % 40) * interval '1 day' END",
    "time": "'06:07:08.125'::time + (i % 40) * interval '1 minute'",
    "timetz": "'06:07:08.125+02'::timetz + (i % 40) * interval '1 minute'",
    "interval": "(i % 40 + 7000) * interval '1 day 02:03:04'",
    "uuid": "md5((i % 40)::text)::uuid",
    "inet": "('10.77.' || i % 40 || '.99/20')::inet",
    "cidr": "('10.78.' || i % 40 || '.0/24')::cidr",
    "macaddr": "('08:00:2b:77:88:' || lpad(to_hex(i % 40), 2, '0'))::macaddr",
    "macaddr8": "('08:00:2b:77:88:99:aa:' || lpad(to_hex(i % 40), 2, '0'))::macaddr8",
    "json": "json_build_object('secretkey', 'value' || i % 40)",
    "jsonb": "jsonb_build_object('secretkey', 'value' || i % 40)",
    "hstore": "hstore('secretkey', 'value' || i % 40)",
    "ltree": "('Top.Secret.n' || i % 40)::ltree",
    "tsvector": "to_tsvector('simple', 'secretword' || i % 40 || ' common')",
    "tsquery": "('secretword' || i % 40)::tsquery",
    "point": "point(7301 + i % 40, 7302)",
    "box": "box(point(7301 + i % 40, 7302), point(1, 2))",
    "circle": "circle(point(7301 + i % 40, 7302), 5)",
    "path": "path(polygon(box(point(7301 + i % 40, 7302), point(1, 2))))",
    "int4range": "int4range(730000 + i % 40, 740000 + i % 40)",
    "tstzrange": "tstzrange('1963-04-05 06:07:08+00', '1973-04-05 06:07:08+00'::timestamptz"
    " + (i % 40) * interval '1 day')",
    "int8multirange": "int8multirange(int8range(730000 + i % 40, 740000 + i % 40),"
    " int8range(930000, 940000))",
    "text[]": "ARRAY['secret-' || (i % 40), 'common-secret']",
    "uuid[]": "ARRAY[md5((i % 40)::text)::uuid]",
    "numeric[]": "ARRAY[(i % 40 + 7300000.125)::numeric, 'NaN']",
    "code": "('code-' || i % 40)::code",
    "code[]": "ARRAY[('code-' || i % 40)::code]",
    "pair": "ROW('inner-' || i % 40, 730000 + i % 40)::pair",
    "pair[]": "ARRAY[ROW('inner-' || i % 40, 730000 + i % 40)::pair]",
    "mood": "(ARRAY['good', 'bad', 'indifferent'])[1 + i % 3]::mood",
    "mood[]": "ARRAY[(ARRAY['good', 'bad', 'indifferent'])[1 + i % 3]::mood]",
    "boolean": "i % 3 = 0",
    "oid": "730000000 + i % 40",
    '"char"': "'x'",
}
#: Types whose values are words of the schema, or too short to tell, and dates, of which there are
#: so few that a stand-in may be another row's.
OPEN = {"mood", "mood[]", "boolean", '"char"', "date"}
#: Types without stand-ins, whose values are left out; of arrays and ranges some are.
LEFT_OUT = {
    *("money", "bit(24)", "bit varying(24)", "time", "timetz", "interval", "inet", "cidr"),
    *("macaddr", "macaddr8", "jsonb", "hstore", "ltree", "tsquery", "pair", '"char"'),
    *("int4range", "tstzrange", "int8multirange"),
    *("text[]", "uuid[]", "numeric[]", "code[]", "pair[]", "mood[]"),
}
#: The shortest value that is looked for.
SHORTEST = 6

SCHEMA = """
CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree;
CREATE TYPE mood AS ENUM ('good', 'bad', 'indifferent');
CREATE DOMAIN code AS text CHECK (VALUE LIKE 'code-%' OR VALUE IS NOT NULL);
CREATE TYPE pair AS (label text, number int);
"""


@pytest.fixture(scope="module")
def source(cluster: Cluster) -> Iterator[tuple[str, psycopg.Connection[tuple[Any, ...]]]]:
    with cluster.connect() as admin:
        admin.execute("CREATE DATABASE every_type")
    with cluster.connect("every_type") as connection:
        connection.execute(SCHEMA)
        for number, (name, value) in enumerate(TYPES.items()):
            connection.execute(
                f"CREATE TABLE t{number} AS SELECT ({value})::{name} AS v"
                f" FROM generate_series(1, 400) AS i".encode()
            )
        connection.execute("ANALYZE")
        yield cluster.url("every_type"), connection
    with cluster.connect() as admin:
        admin.execute("DROP DATABASE every_type WITH (FORCE)")


@pytest.fixture(scope="module")
def redacted(
    source: tuple[str, object], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Snapshot, Snapshot]:
    """The snapshots with values and without, the latter through its file."""
    file: Path = tmp_path_factory.mktemp("redacted") / "prod.snapshot"
    write_snapshot(capture(source[0], redact=True), file)
    return capture(source[0]), read_snapshot(file)


@pytest.mark.parametrize("name", [name for name in TYPES if name not in OPEN])
def test_no_value_of_a_type_stays(
    source: tuple[str, psycopg.Connection[tuple[Any, ...]]],
    redacted: tuple[Snapshot, Snapshot],
    name: str,
) -> None:
    number = list(TYPES).index(name)
    rows = source[1].execute(f"SELECT DISTINCT v::text FROM t{number}".encode()).fetchall()
    secrets = {
        part
        for (text,) in rows
        for part in (text, *text.strip("{}()").replace('"', "").split(","))
        if len(part) >= SHORTEST and not part.strip("-").lower().startswith("inf")
    }
    assert secrets
    column = redacted[1].column[f"public.t{number}", "v"]
    held = json.dumps(asdict(column), ensure_ascii=False).replace("\\", "")
    assert [secret for secret in secrets if secret in held] == []


def test_order_equality_and_width_stay(redacted: tuple[Snapshot, Snapshot]) -> None:
    plain, without = redacted
    lost = []
    for number, name in enumerate(TYPES):
        before, after = (given.column[f"public.t{number}", "v"] for given in redacted)
        assert (before.avg_width, before.n_distinct) == (after.avg_width, after.n_distinct)
        for key, values in before.values.items():
            if key not in after.values:
                lost.append(name)
            elif key in {"most_common_vals", "histogram_bounds"}:
                mine, theirs = array_values(values), array_values(after.values[key])
                assert len(set(mine)) == len(set(theirs)) == len(theirs)
                assert len(mine) == len(theirs)
    assert not plain.redacted
    assert without.redacted
    assert set(lost) == LEFT_OUT
    assert without.unseen[-1].startswith(f"values in statistics of {len(LEFT_OUT)} relations (")


def test_twin_takes_all_that_is_left(redacted: tuple[Snapshot, Snapshot]) -> None:
    with open_twin(redacted[1]) as twin, twin.connect() as connection:
        assert twin.left_out == ()
        for number, name in enumerate(TYPES):
            wanted = redacted[1].column[f"public.t{number}", "v"].values
            row = connection.execute(
                "SELECT most_common_vals IS NOT NULL, histogram_bounds IS NOT NULL FROM pg_stats"
                " WHERE tablename = %s",
                [f"t{number}"],
            ).fetchone()
            assert row == ("most_common_vals" in wanted, "histogram_bounds" in wanted), name
