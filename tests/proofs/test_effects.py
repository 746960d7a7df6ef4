from dataclasses import replace

from dbspecialist.facts.effects import ConstraintChange, StatementEffects
from dbspecialist.facts.locks import Lock
from dbspecialist.proofs.effects import estimate_blocked
from dbspecialist.proofs.rates import Rates

RATES = Rates(scan_bytes=1e9, rewrite_bytes=1e8, index_rows=1e6, check_rows=1e6, modify_rows=1e5)
ROWS = {"public.a": 2e6, "public.b": 0.0}
BYTES = {"public.a": 4e8, "public.b": 0.0}
ALTER = StatementEffects(
    "ALTER TABLE a ADD x int", transaction=1, locks=(Lock("public.a", "AccessExclusiveLock"),)
)
BUILD = StatementEffects(
    "CREATE INDEX ON a (x)",
    transaction=1,
    locks=(Lock("public.a", "ShareLock"),),
    scans=("public.a",),
    index_builds={"public.a_x_idx": "public.a"},
)
SCAN_C = StatementEffects(
    "ALTER TABLE c ADD CHECK (x > 0)",
    transaction=1,
    locks=(Lock("public.c", "AccessExclusiveLock"),),
    scans=("public.c",),
)
CATALOGUE = StatementEffects(
    "DO …", transaction=1, locks=(Lock("public.c", "ShareLock"),), scans=("pg_catalog.pg_class",)
)


def estimated(*statements: StatementEffects) -> tuple[StatementEffects, ...]:
    return estimate_blocked(
        statements,
        rows=lambda relation: ROWS.get(relation, 0.0),
        size=lambda relation: BYTES.get(relation, 0.0),
        rates=RATES,
        knows=ROWS.__contains__,
    )


def blocked(*statements: StatementEffects) -> list[dict[str, float]]:
    return [dict(item.blocked_ms) for item in estimated(*statements)]


def test_a_lock_counts_the_work_to_the_end_of_its_transaction() -> None:
    assert blocked(ALTER, BUILD) == [{"public.a": 2002.0}, {"public.a": 2001.0}]


def test_work_on_a_relation_of_unknown_size_has_no_estimate() -> None:
    assert blocked(SCAN_C) == [{}]


def test_a_lock_held_over_unknown_work_has_no_estimate() -> None:
    assert blocked(ALTER, SCAN_C, BUILD) == [{}, {}, {"public.a": 2001.0}]


def test_relations_of_the_system_are_small() -> None:
    assert blocked(CATALOGUE) == [{"public.c": 1.0}]


def test_work_under_the_lock_of_an_earlier_statement_blocks_its_relation_too() -> None:
    again = replace(BUILD, locks=())
    assert blocked(ALTER, again) == [{"public.a": 2002.0}, {"public.a": 2001.0}]
    assert blocked(ALTER, replace(again, transaction=2)) == [{"public.a": 1.0}, {}]


def test_each_statement_has_its_own_share_of_the_work() -> None:
    assert [item.work_ms for item in estimated(ALTER, BUILD, SCAN_C)] == [1.0, 2001.0, None]


def test_a_stronger_lock_of_an_earlier_statement_is_held_over_work() -> None:
    alter, build, scan = estimated(ALTER, BUILD, SCAN_C)
    assert (alter.held, scan.held) == ((), ())
    assert build.held == (Lock("public.a", "AccessExclusiveLock"),)
    (_, later) = estimated(ALTER, replace(BUILD, transaction=2))
    assert later.held == ()


def test_partitions_are_charged_as_one_table_of_their_rows() -> None:
    scan = StatementEffects("SET NOT NULL", locks=(Lock("a", "AccessExclusiveLock"),))
    key = ConstraintChange("a", "f", "foreign key", "FOREIGN KEY …", valid=True, added=True)
    changes = (scan, replace(scan, constraints=(key,)))
    for change in changes:
        for build in ({}, {"i": "a"}):
            whole = work(replace(change, scans=("a",), index_builds=build), leaves=1)
            for leaves in (2, 4, 50):
                names = tuple(f"a{number}" for number in range(leaves))
                built = {f"i{name}": name for name in names} if build else {}
                parted = work(replace(change, scans=names, index_builds=built), leaves=leaves)
                assert 0.8 * whole < parted < 1.2 * whole


def work(statement: StatementEffects, leaves: int) -> float:
    """Return the work on a table of 2,000,000 rows, or on as many in partitions."""

    def share(relation: str) -> float:
        return 1 if relation == "a" else 1 / leaves

    (item,) = estimate_blocked(
        [statement],
        rows=lambda relation: 2e6 * share(relation),
        size=lambda relation: 4e8 * share(relation),
        rates=RATES,
    )
    assert item.work_ms is not None
    return item.work_ms


def test_only_the_rows_of_a_new_foreign_key_are_looked_up() -> None:
    key = ConstraintChange(
        "public.a", "f", "foreign key", "FOREIGN KEY …", valid=True, added=True, referenced="b"
    )
    checked = replace(SCAN_C, scans=("public.a", "public.b"), constraints=(key,))
    renamed = replace(checked, scans=())
    later = replace(checked, constraints=(replace(key, valid=False),))
    found = [item.work_ms for item in estimated(checked, renamed, later)]
    assert found == [1.0 + 400.0 + 2000.0, 1.0, 1.0 + 400.0]


def test_reindex_of_several_tables_commits_after_each() -> None:
    reindex = StatementEffects(
        "REINDEX SCHEMA public",
        tags=("REINDEX",),
        in_transaction=False,
        transaction=1,
        locks=(
            Lock("public.a", "ShareLock"),
            Lock("public.b", "ShareLock"),
            Lock("public.a_pkey", "AccessExclusiveLock", "index", "public.a"),
            Lock("public.b_pkey", "AccessExclusiveLock", "index", "public.b"),
        ),
        scans=("public.a", "public.b"),
        index_builds={"public.a_pkey": "public.a", "public.b_pkey": "public.b"},
    )
    assert blocked(reindex) == [{"public.a": 2001.0, "public.b": 1.0}]
    concurrently = replace(reindex, locks=reindex.locks[:2])
    assert blocked(concurrently) == [{"public.a": 1.0, "public.b": 1.0}]


def test_rows_that_hold_null_in_a_foreign_key_are_not_looked_up() -> None:
    key = ConstraintChange(
        "public.a", "f", "foreign key", "FOREIGN KEY (x, y) REFERENCES b(x, y)", True, True
    )
    checked = replace(SCAN_C, scans=("public.a",), constraints=(key,))
    shares = {"x": 0.5, "y": 0.25}
    (item,) = estimate_blocked(
        [checked],
        rows=lambda _: 2e6,
        size=lambda _: 4e8,
        rates=RATES,
        values=lambda _statement, _relation, column: shares[column],
    )
    assert item.work_ms == 1.0 + 400.0 + 500.0


def test_queries_under_a_lock_count_by_what_they_read_whole() -> None:
    query = StatementEffects("SELECT …", tags=("SELECT 1",), transaction=1, queried=("public.a",))
    assert blocked(ALTER, query) == [{"public.a": 402.0}, {}]
    unknown = replace(query, queried=("public.c",))
    assert blocked(ALTER, unknown) == [{"public.a": 2.0}, {}]


def test_time_on_the_twin_counts_for_code_that_took_longer_than_an_empty_table_does() -> None:
    sleep = StatementEffects("SELECT …", tags=("SELECT 1",), transaction=1, elapsed_ms=3000.0)
    assert blocked(ALTER, sleep) == [{"public.a": 3001.0}, {}]
    assert blocked(ALTER, replace(sleep, elapsed_ms=300.0)) == [{"public.a": 2.0}, {}]
    assert blocked(ALTER, replace(sleep, tags=("ALTER TABLE",))) == [{"public.a": 2.0}, {}]


def test_a_lock_of_a_block_that_commits_is_held_for_its_largest_transaction() -> None:
    block = StatementEffects(
        "DO …",
        transaction=1,
        in_transaction=False,
        locks=(Lock("public.a", "ShareLock"),),
        rows_modified={"public.a": 1e6},
        rows_at_once={"public.a": 1e4},
    )
    (seen,) = estimated(block)
    assert seen.work_ms == 10_001
    assert dict(seen.blocked_ms) == {"public.a": 101}


def test_an_index_of_another_access_method_has_its_own_rate() -> None:
    (seen,) = estimate_blocked(
        (BUILD,),
        rows=lambda relation: ROWS.get(relation, 0.0),
        size=lambda relation: BYTES.get(relation, 0.0),
        rates=RATES,
        index_rate={"public.a_x_idx": 1e5}.__getitem__,
    )
    assert dict(seen.blocked_ms) == {"public.a": 20_001}
