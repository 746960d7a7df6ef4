from pathlib import Path

import pytest
from requested import BILLION, Database, carry_out, plan, statements, take_back

from dbspecialist.facts.errors import InputError

ORDERS = "CREATE TABLE orders (id bigint PRIMARY KEY, placed timestamptz, total numeric);"
PARTS = """
CREATE TABLE events (id bigint, at date) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
"""


def test_index_of_a_large_table_is_built_beside_the_traffic(tmp_path: Path) -> None:
    asked = "add-index orders placed 'lower(total::text) DESC' --where 'total > 0' --include id"
    found = plan(tmp_path, ORDERS, asked, rows={"orders": BILLION})
    assert statements(found) == [
        [
            "DROP INDEX CONCURRENTLY IF EXISTS public.orders_placed_lower_id_idx",
            "CREATE INDEX CONCURRENTLY orders_placed_lower_id_idx ON public.orders"
            " USING btree (placed, lower((total)::text) DESC) INCLUDE (id)"
            " WHERE (total > (0)::numeric)",
        ]
    ]
    assert not found.phases[0].transactional
    assert found.refuted == ()


def test_index_of_a_small_table_is_one_step(tmp_path: Path) -> None:
    found = plan(tmp_path, ORDERS, "add-index orders placed --name mine", rows={"orders": 500})
    assert statements(found) == [["CREATE INDEX mine ON public.orders USING btree (placed)"]]
    assert found.refuted == ()


def test_partitions_are_indexed_one_by_one(tmp_path: Path, database: Database) -> None:
    found = plan(tmp_path, PARTS, "add-index events id")
    assert [item.title for item in found.phases] == [
        "Index events by id: the parent's",
        "Index events by id: events_1",
        "Index events by id: events_2",
        "Index events by id: attach the partitions'",
    ]
    assert found.refuted == ()
    database.execute(PARTS.encode())
    carry_out(database, found.phases)
    valid = "SELECT count(*) FROM pg_index WHERE indisvalid AND indrelid::regclass::text ~ '^event'"
    assert database.execute(valid.encode()).fetchone() == (3,)
    take_back(database, found.phases)
    assert database.execute(valid.encode()).fetchone() == (0,)


def test_dropped_index_comes_back_beside_the_traffic(tmp_path: Path) -> None:
    schema = f"{ORDERS} CREATE INDEX mine ON orders (total);"
    found = plan(tmp_path, schema, "drop-index mine", rows={"orders": BILLION})
    assert statements(found) == [["DROP INDEX CONCURRENTLY IF EXISTS public.mine"]]
    assert found.phases[0].down == (
        "SET lock_timeout = 0",
        "SET statement_timeout = 0",
        "CREATE INDEX CONCURRENTLY mine ON public.orders USING btree (total)",
        "RESET lock_timeout",
        "RESET statement_timeout",
    )
    assert found.refuted == ()


def test_index_of_a_constraint_is_not_dropped(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="belongs to constraint"):
        plan(tmp_path, ORDERS, "drop-index orders_pkey")
