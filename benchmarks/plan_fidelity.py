"""Measure whether a twin plans as the server that its snapshot was taken from.

Two schemas are filled with rows in a real server: TPC-H, and a ledger with what TPC-H lacks
(extended statistics, partial, expression, covering, hash, GIN, GiST, SP-GiST and BRIN indexes,
partitions, inheritance, correlated columns, a skewed enum). Each is captured into a snapshot file,
the file is read and opened as a twin, and every query is explained on both sides.

    python benchmarks/plan_fidelity.py
    python benchmarks/plan_fidelity.py --server-bin /usr/lib/postgresql/15/bin
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import ledger
import psycopg
import tpch
from source_server import source_server

from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.engines.snapshot_file import read_snapshot, write_snapshot
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.twins.twin import Twin, open_twin

Plan = Mapping[str, Any]

#: What two plans that are the same have the same, node for node.
ALIKE = (
    (
        "Node Type Parent Relationship;Join Type;Strategy;Partial Mode;Operation;Parallel Aware;"
        "Relation Name;Alias;Index Name;CTE Name;Function Name;Scan Direction;Inner Unique;"
        "Index Cond;Recheck Cond;Filter;Join Filter;Hash Cond;Merge Cond;TID Cond;One-Time Filter;"
        "Sort Key;Presorted Key;Group Key;Grouping Sets;Cache Key;Workers Planned;Subplans Removed"
    )
    .replace("Node Type ", "Node Type;")
    .split(";")
)

INIT_PLAN = re.compile(r"\(InitPlan \d+\)\.col\d+|\$\d+")

MIB = 2**20


@dataclass(frozen=True)
class Measured:
    """One schema: a source server and its twin."""

    schema: str
    source_version: str
    twin_version: str
    queries: int
    same_plans: int
    within_a_thousandth: int
    lowest_ratio: float
    highest_ratio: float
    ready_ms: float
    disk_mib: float
    scale: float
    scaled_ready_ms: float
    scaled_disk_mib: float
    different: tuple[str, ...]
    left_out: tuple[str, ...]
    unseen: tuple[str, ...] = ()
    snapshot_kib: float = 0.0


def shape(plan: Plan) -> dict[str, Any]:
    """Keep what makes two plans the same; results of subqueries are named anew in 17."""
    kept = {name: INIT_PLAN.sub("$", str(plan[name])) for name in ALIKE if name in plan}
    return {**kept, "Plans": [shape(child) for child in plan.get("Plans", ())]}


def explain(connection: psycopg.Connection[Any], query: str) -> Plan:
    """Return the plan that the server chooses."""
    row = connection.execute(f"EXPLAIN (FORMAT JSON) {query}").fetchone()
    assert row is not None
    plan: Plan = row[0][0]["Plan"]
    return plan


def compare(
    source: psycopg.Connection[Any], twin: psycopg.Connection[Any], queries: Sequence[str]
) -> list[tuple[bool, float]]:
    """Explain each query on both sides: whether the plan is the same, and the cost ratio."""
    pairs = [(explain(source, query), explain(twin, query)) for query in queries]
    return [
        (shape(ours) == shape(theirs), ours["Total Cost"] / theirs["Total Cost"])
        for theirs, ours in pairs
    ]


def captured(url: str) -> tuple[Snapshot, float]:
    """Take a snapshot through its file; return it with the file's size in KiB."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "source.snapshot"
        write_snapshot(capture(url), path)
        return read_snapshot(path), path.stat().st_size / 1024


def measure(
    schema: str, url: str, snapshot: Snapshot, queries: Sequence[str], scale: float
) -> Measured:
    """Compare a filled server with its twin, and open the twin again at another scale."""
    with psycopg.connect(url, autocommit=True) as source:
        version = str(source.execute("SHOW server_version").fetchone()[0]).split()[0]  # type: ignore[index]
        with open_twin(snapshot) as twin, twin.connect() as connection:
            found = compare(source, connection, queries)
            first = _sizes(twin)
            twin_version, left_out = twin.version, twin.left_out
    with open_twin(snapshot, scale=scale) as larger:
        second = _sizes(larger)
    ratios = [ratio for _, ratio in found]
    return Measured(
        schema=schema,
        source_version=version,
        twin_version=twin_version,
        queries=len(queries),
        same_plans=sum(same for same, _ in found),
        within_a_thousandth=sum(abs(ratio - 1) <= 0.001 for ratio in ratios),
        lowest_ratio=min(ratios),
        highest_ratio=max(ratios),
        ready_ms=first[0],
        disk_mib=first[1],
        scale=scale,
        scaled_ready_ms=second[0],
        scaled_disk_mib=second[1],
        different=tuple(
            f"{number} ({'same' if same else 'other'} plan, cost ratio {ratio:.5f})"
            for number, (same, ratio) in enumerate(found, 1)
            if not same or abs(ratio - 1) > 0.001
        ),
        left_out=left_out,
    )


def _sizes(twin: Twin) -> tuple[float, float]:
    return round(twin.ready_ms), round(twin.disk_bytes() / MIB, 1)


def table(results: Sequence[Measured]) -> str:
    """Write the results as a Markdown table."""
    lines = [
        "| schema | source | twin | queries | same plan | cost within 0.1 % | cost ratios "
        "| ready | on disk | ready, enlarged | on disk, enlarged |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {item.schema} | {item.source_version} | {item.twin_version} | {item.queries} "
        f"| {item.same_plans} | {item.within_a_thousandth} "
        f"| {item.lowest_ratio:.5f} to {item.highest_ratio:.5f} "
        f"| {item.ready_ms:.0f} ms | {item.disk_mib} MiB "
        f"| {item.scaled_ready_ms:.0f} ms (×{item.scale:g}) | {item.scaled_disk_mib} MiB |"
        for item in results
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tpch-scale", type=float, default=0.1, help="scale factor of TPC-H")
    parser.add_argument("--rows", type=int, default=1_000_000, help="entries of the ledger")
    parser.add_argument("--scale", type=float, default=1000, help="scale of the enlarged twin")
    parser.add_argument("--server-bin", type=Path, help="binaries of another source server")
    parser.add_argument(
        "--reader", action="store_true", help="capture as a role that may read, and owns nothing"
    )
    parser.add_argument("--json", type=Path, help="file for the results as JSON")
    options = parser.parse_args()
    results = []
    for schema in (tpch, ledger):
        started = time.perf_counter()
        with source_server(options.server_bin) as url:
            with psycopg.connect(url, autocommit=True) as source:
                schema.load(source, options.tpch_scale if schema is tpch else options.rows)
                if options.reader:
                    source.execute("CREATE ROLE reader LOGIN")
                    source.execute("GRANT pg_read_all_stats, pg_read_all_data TO reader")
            print(f"{schema.__name__}: filled in {time.perf_counter() - started:.0f} s")
            as_whom = url.replace("postgres@", "reader@") if options.reader else url
            snapshot, kib = captured(as_whom)
            found = measure(schema.__name__, url, snapshot, schema.queries(), options.scale)
            results.append(replace(found, snapshot_kib=round(kib, 1), unseen=snapshot.unseen))
    for item in results:
        for text in (*item.different, *item.left_out, *item.unseen):
            print(f"{item.schema}: {text}")
    print(table(results))
    if options.json:
        options.json.write_text(json.dumps([asdict(item) for item in results], indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
