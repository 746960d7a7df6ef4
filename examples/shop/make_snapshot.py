"""Make prod.snapshot: the shop's database at revision 0009, as large as a real one.

The rows are drawn on a throwaway server, captured with the tool itself, and the sizes multiplied
to what production is said to have. Run it from this folder: python make_snapshot.py
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.engines.snapshot_file import write_snapshot
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.statistics import ColumnStatistics, RelationStatistics
from dbspecialist.twins.cluster import start_cluster

HERE = Path(__file__).parent
REVISION = "0009"

#: Rows that production has.
PRODUCTION = {
    "customers": 40_000_000,
    "addresses": 52_000_000,
    "categories": 420,
    "products": 2_100_000,
    "warehouses": 18,
    "stock": 9_400_000,
    "orders": 230_000_000,
    "order_items": 610_000_000,
    "payments": 240_000_000,
    "shipments": 205_000_000,
    "reviews": 31_000_000,
    "events": 1_000_000_000,
}

#: Columns that refer to every row of a table: the share that ANALYZE tells does not grow with both.
REFERRING = {("public.order_items", "product_id"): "products"}

ROWS = """
SELECT setseed(0.5);
INSERT INTO customers (email, full_name, phone, country, created_at)
SELECT 'customer' || n || '@example.com', 'Customer ' || md5(n::text),
       CASE WHEN n % 5 > 0 THEN '+1 555 ' || lpad(n::text, 7, '0') END,
       (ARRAY['US', 'US', 'US', 'GB', 'DE', 'FR', 'JP'])[1 + n % 7],
       timestamp '2018-01-01' + n * interval '1 hour'
FROM generate_series(1, 20000) n;
INSERT INTO addresses (customer_id, line1, city, postal_code, country)
SELECT 1 + n % 20000, n || ' Main Street', 'City ' || n % 900, lpad((n % 99999)::text, 5, '0'), 'US'
FROM generate_series(1, 26000) n;
INSERT INTO categories (slug, name, parent_id)
SELECT 'category-' || n, 'Category ' || n, CASE WHEN n > 20 THEN 1 + n % 20 END
FROM generate_series(1, 420) n;
INSERT INTO products (sku, title, description, price, category_id, attributes)
SELECT 'SKU-' || n, 'Product ' || md5(n::text), repeat('text ', 40), (n % 50000) / 100.0,
       1 + n % 420, jsonb_build_object('colour', (ARRAY['red', 'blue', 'green'])[1 + n % 3])
FROM generate_series(1, 10000) n;
INSERT INTO warehouses (code, city) SELECT 'W' || n, 'City ' || n FROM generate_series(1, 18) n;
INSERT INTO stock (product_id, warehouse_id, quantity)
SELECT p, w, (p * w) % 400 FROM generate_series(1, 2000) p, generate_series(1, 18) w;
INSERT INTO orders (customer_id, status, total, reference, legacy_code, created_at)
SELECT 1 + (random() * 19999)::int,
       (ARRAY['shipped', 'shipped', 'shipped', 'paid', 'pending', 'cancelled']
        ::order_status[])[1 + n % 6], (n % 90000) / 100.0, 'R' || n,
       CASE WHEN n % 3 = 0 THEN 'L-' || n END, timestamp '2019-01-01' + n * interval '1 minute'
FROM generate_series(1, 50000) n;
INSERT INTO order_items (order_id, product_id, quantity, unit_price)
SELECT 1 + (random() * 49999)::int, 1 + (random() * 9999)::int, 1 + n % 5, (n % 50000) / 100.0
FROM generate_series(1, 60000) n;
INSERT INTO payments (order_id, provider, provider_reference, amount)
SELECT 1 + n % 50000, (ARRAY['stripe', 'stripe', 'adyen', 'paypal'])[1 + n % 4],
       CASE WHEN n % 40 > 0 THEN 'ref_' || md5(n::text) END, (n % 90000) / 100.0
FROM generate_series(1, 50000) n;
INSERT INTO shipments (order_id, warehouse_id, tracking_code, shipped_at)
SELECT n, 1 + n % 18, 'TRACK' || n, timestamp '2019-01-02' + n * interval '1 minute'
FROM generate_series(1, 45000) n;
INSERT INTO reviews (product_id, customer_id, rating, body)
SELECT 1 + n % 10000, 1 + n % 19997, 1 + n % 5, repeat('fine ', n % 30)
FROM generate_series(1, 30000) n;
INSERT INTO events (customer_id, kind, payload, happened_at)
SELECT CASE WHEN n % 4 > 0 THEN 1 + n % 20000 END,
       (ARRAY['view', 'view', 'view', 'cart', 'search', 'login'])[1 + n % 6],
       jsonb_build_object('page', n % 500), timestamp '2024-01-01' + n * interval '1 second'
FROM generate_series(1, 80000) n;
VACUUM ANALYZE
"""

#: What the application asks, and how often.
WORKLOAD = {
    "SELECT id, email, full_name, phone, country, created_at FROM customers WHERE email = %s": 900,
    "SELECT id, customer_id, status, total, reference, legacy_code, created_at FROM orders"
    " WHERE customer_id = %s ORDER BY created_at DESC LIMIT 20": 700,
    "INSERT INTO orders (customer_id, status, total, reference) VALUES (%s, 'pending', 0, 'x')"
    " RETURNING id": 120,
    "SELECT i.id, i.quantity, i.unit_price, p.title FROM order_items i"
    " JOIN products p ON p.id = i.product_id WHERE i.order_id = %s": 650,
    "INSERT INTO events (customer_id, kind, payload) VALUES (%s, 'view', '{}')": 1500,
    "INSERT INTO payments (order_id, provider, amount) VALUES (%s, 'stripe', 10)": 110,
    "UPDATE stock SET quantity = quantity - 1 WHERE product_id = %s AND quantity > 0": 130,
}


def main() -> None:
    """Write prod.snapshot."""
    with start_cluster({"shared_preload_libraries": "pg_stat_statements"}) as cluster:
        with cluster.connect() as admin:
            admin.execute("CREATE DATABASE shop")
        url = cluster.url("shop")
        upgrade(url)
        with cluster.connect("shop") as connection:
            connection.execute("CREATE EXTENSION pg_stat_statements")
            for statement in ROWS.split(";"):
                connection.execute(statement.encode())
            connection.execute("SELECT pg_stat_statements_reset()")
            for number in range(10):
                for query, weight in WORKLOAD.items():
                    for _ in range(weight // 100 + 1):
                        connection.execute(query.encode(), (_value(query, number),))
        snapshot = capture(url)
    write_snapshot(enlarged(snapshot), HERE / "prod.snapshot")


def _value(query: str, number: int) -> str | int:
    return f"customer{number}@example.com" if "email = " in query else 1 + number


def upgrade(url: str) -> None:
    """Run the revisions that production has."""
    command = [sys.executable, "-m", "alembic", "upgrade", REVISION]
    driver = url.replace("postgresql://", "postgresql+psycopg://")
    subprocess.run(command, cwd=HERE, env={**os.environ, "DATABASE_URL": driver}, check=True)


def enlarged(snapshot: Snapshot) -> Snapshot:
    """Multiply the sizes of tables and their indexes to production's."""
    table_of = {
        item.name: item.parent
        for item in snapshot.catalogue.of_kind("index", "constraint")
        if item.parent
    }
    factors = {
        f"public.{name}": rows / max(snapshot.relation[f"public.{name}"].tuples, 1)
        for name, rows in PRODUCTION.items()
    }

    def larger(item: RelationStatistics) -> RelationStatistics:
        table = next((name for name in factors if _belongs(item.relation, name, table_of)), None)
        factor = factors.get(table or "", 1.0)
        pages = max(round(item.pages * factor), item.pages)
        return replace(
            item,
            pages=pages,
            analysed_pages=pages,
            tuples=round(item.tuples * factor),
            all_visible=round(item.all_visible * factor),
            total_bytes=round(item.total_bytes * factor),
            tree_level=None,
            metapage={},
        )

    return replace(
        snapshot,
        source="postgresql://db.shop.example/shop",
        captured_at="2026-11-01T03:00:00+00:00",
        relations=tuple(larger(item) for item in snapshot.relations),
        columns=referring(snapshot.columns),
        workload=tuple(
            replace(item, calls=item.calls * 10_000, total_ms=item.total_ms * 10_000)
            for item in snapshot.workload
            if any(name in item.query for name in PRODUCTION)
        ),
    )


def referring(columns: Sequence[ColumnStatistics]) -> tuple[ColumnStatistics, ...]:
    """Give columns that refer to a table as many distinct values as it has rows."""
    return tuple(
        replace(item, n_distinct=float(PRODUCTION[table]))
        if (table := REFERRING.get((item.relation, item.column)))
        else item
        for item in columns
    )


def _belongs(relation: str, table: str, table_of: dict[str, str]) -> bool:
    """Tell whether a relation is a table or one of its indexes."""
    return relation == table or table_of.get(relation) == table


if __name__ == "__main__":
    main()
