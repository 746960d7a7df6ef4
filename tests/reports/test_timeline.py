from dataclasses import replace

from sample_report import ADD_COUPON, ADD_STATUS, BACKFILL, BUILD_INDEX, LINK_COUPON, SHORTEN

from dbspecialist.facts.effects import Lock, StatementEffects
from dbspecialist.reports._timeline import Lane, cells, lanes


def test_lanes_hold_a_lock_to_the_end_of_its_transaction() -> None:
    assert lanes((ADD_STATUS, BUILD_INDEX, BACKFILL)) == (
        Lane("public.orders", ("AccessExclusiveLock",) * 3, 236_000.0),
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
    assert lane.blocked_ms is None
    (lane,) = lanes((ADD_STATUS, replace(BUILD_INDEX, blocked_ms={})))
    assert lane.blocked_ms is None


def test_bar_where_statements_share_a_character() -> None:
    lane = Lane("public.a", ("", "ShareLock", "", "", "AccessExclusiveLock"), None)
    assert lane.bar(-2) == "▓ █"


def test_cells() -> None:
    assert [cells(number, 40) for number in (1, 3, 20, 40, 41, 400)] == [6, 6, 2, 1, -2, -10]


def test_lane_takes_no_time_from_a_lock_that_stops_only_ddl() -> None:
    build = replace(
        BUILD_INDEX,
        locks=(Lock("public.orders", "ShareUpdateExclusiveLock"),),
        blocked_ms={"public.orders": 400_000.0},
        transaction=99,
    )
    short = replace(ADD_STATUS, blocked_ms={"public.orders": 1.0}, transaction=98)
    (lane,) = lanes((short, build))
    assert (lane.strongest, lane.blocked_ms) == ("AccessExclusiveLock", 1.0)
