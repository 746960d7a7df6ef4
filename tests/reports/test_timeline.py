from dataclasses import replace

from sample_report import ADD_COUPON, ADD_STATUS, BACKFILL, BUILD_INDEX, LINK_COUPON, SHORTEN

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.locks import Lock
from dbspecialist.reports._timeline import Lane, Wait, cells, lanes, longest


def test_lanes_hold_a_lock_to_the_end_of_its_transaction() -> None:
    assert lanes((ADD_STATUS, BUILD_INDEX, BACKFILL)) == (
        Lane(
            "public.orders",
            ("AccessExclusiveLock",) * 3,
            (Wait("reads", 236_000.0, "AccessExclusiveLock"),),
        ),
    )


def test_lanes_begin_anew_in_the_next_transaction() -> None:
    after = replace(BACKFILL, transaction=2, blocked_ms={})
    (lane,) = lanes((ADD_STATUS, after))
    assert lane.modes == ("AccessExclusiveLock", "RowExclusiveLock")


def test_lanes_of_statements_outside_a_transaction_stand_alone() -> None:
    alone = replace(ADD_STATUS, in_transaction=False, transaction=0)
    (lane,) = lanes((alone, StatementEffects("SELECT 1", in_transaction=False)))
    assert lane.modes == ("AccessExclusiveLock", "")


def test_lanes_show_the_other_table_of_a_foreign_key() -> None:
    found = lanes((ADD_COUPON, LINK_COUPON))
    assert [(lane.relation, lane.bar(2)) for lane in found] == [
        ("public.coupons", "  ▓▓"),
        ("public.order_items", "████"),
    ]


def test_lanes_leave_out_indexes_and_locks_that_nothing_waits_for() -> None:
    reading = StatementEffects("SELECT 1", locks=(Lock("public.a", "AccessShareLock"),))
    assert [lane.relation for lane in lanes((SHORTEN, reading))] == ["public.products"]


def test_lanes_without_an_estimate_say_so() -> None:
    (lane,) = lanes((replace(ADD_STATUS, blocked_ms={}),))
    assert lane.waits == (Wait("reads", None, "AccessExclusiveLock"),)
    (lane,) = lanes((ADD_STATUS, replace(BUILD_INDEX, blocked_ms={})))
    assert [(wait.kind, wait.ms) for wait in lane.waits] == [("reads", 236_000.0), ("writes", None)]


def test_bar_where_statements_share_a_character() -> None:
    lane = Lane("public.a", ("", "ShareLock", "", "", "AccessExclusiveLock"), ())
    assert lane.bar(-2) == "▓ █"


def test_cells() -> None:
    assert [cells(number, 40) for number in (1, 3, 20, 40, 41, 400)] == [6, 6, 2, 1, -2, -10]


def test_lane_tells_by_what_waits_how_long() -> None:
    build = replace(
        BUILD_INDEX,
        locks=(Lock("public.orders", "ShareUpdateExclusiveLock"),),
        blocked_ms={"public.orders": 400_000.0},
        transaction=99,
    )
    short = replace(ADD_STATUS, blocked_ms={"public.orders": 1.0}, transaction=98)
    (lane,) = lanes((short, build))
    waits = (
        Wait("reads", 1.0, "AccessExclusiveLock"),
        Wait("ddl", 400_000.0, "ShareUpdateExclusiveLock"),
    )
    assert lane.waits == waits
    assert longest([lane]) == waits


def test_lanes_tell_what_queries_wait_for_first() -> None:
    locks = (
        Lock("public.a", "ShareUpdateExclusiveLock"),
        Lock("public.b", "ShareLock"),
        Lock("public.c", "ShareLock"),
    )
    waited = {"public.a": 9e6, "public.b": 5.0, "public.c": 70.0}
    found = lanes((StatementEffects("SELECT 1", locks=locks, blocked_ms=waited),))
    assert [lane.relation for lane in found] == ["public.c", "public.b", "public.a"]
    assert [(wait.kind, wait.ms) for wait in longest(found)] == [("writes", 70.0), ("ddl", 9e6)]


def test_an_index_that_is_locked_stops_the_queries_of_its_table() -> None:
    reindex = StatementEffects(
        "REINDEX INDEX i",
        locks=(
            Lock("public.a", "ShareLock"),
            Lock("public.i", "AccessExclusiveLock", "index", "public.a"),
        ),
        blocked_ms={"public.a": 5.0},
    )
    rename = StatementEffects(
        "ALTER INDEX i RENAME TO j",
        locks=(Lock("public.i", "ShareUpdateExclusiveLock", "index", "public.a"),),
        blocked_ms={"public.i": 1.0},
    )
    (lane,) = lanes((reindex, rename))
    assert lane.modes == ("AccessExclusiveLock",) * 2
    assert lane.waits == (Wait("reads", 5.0, "AccessExclusiveLock"),)
    assert reindex.waits == {"public.a": {"reads": 5.0, "writes": 5.0, "ddl": 5.0}}
    assert rename.waits == {"public.i": {"ddl": 1.0}}


def test_lanes_show_a_lock_that_an_earlier_migration_took() -> None:
    (lane,) = lanes((replace(BUILD_INDEX, locks=(), held=ADD_STATUS.locks),))
    assert lane.modes == ("AccessExclusiveLock",)
    assert [(wait.kind, wait.mode) for wait in lane.waits] == [("reads", "AccessExclusiveLock")]
